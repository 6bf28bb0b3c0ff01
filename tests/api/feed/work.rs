//! What the server notes of its own work is not among the changes: operations and deliveries are asked for themselves.

use entrepot::engine::split::Format;
use serde_json::json;

use super::{CHANGES, Reader};
use crate::support::batch;
use crate::support::rows::refused;
use crate::support::shop::Shop;

/// "An operation's status changes and webhook deliveries": the records that they write are told, they themselves are not.
#[test]
fn operations_and_deliveries_are_no_changes() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_opening(&shop);
    let body = json!({"data": [{"type": "customergroups", "attributes": {"name": "A"}}]}).to_string();
    let admin = &shop.organization.admin;
    let sent = batch::send(admin, "customergroups", Format::Json, &body);
    let cancelled = json!({"data": {"type": "asyncoperations", "id": sent.id, "attributes": {"status": "cancelled"}}});
    shop.client().patch(&sent.path, &cancelled);
    sent.ended(shop.client());
    let marker = shop.create("customers", &json!({"name": "B"}), &json!({}));
    let mut seen = Vec::new();
    while seen.last() != Some(&format!("created customers {marker}")) {
        seen.extend(reader.read()["data"].as_array().unwrap().iter().map(super::told));
    }
    assert!(seen.iter().all(|change| !change.contains("asyncoperation")), "{seen:?}");
    for kind in ["asyncoperations", "asyncoperationerrors", "asyncoperationresults", "webhookdeliveries", "userprofile"]
    {
        let path = format!("{CHANGES}?filter[type]=customers,{kind}");
        let text = format!("There are no changes of \"{kind}\". Ask for these records themselves.");
        refused(shop.client(), &path, &text, "filter[type]");
    }
}
