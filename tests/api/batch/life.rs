//! From the request to the end.

use entrepot::engine::split::Format;
use serde_json::json;

use crate::support::batch::send;
use crate::support::organization::{Organization, unique};

/// "Status values: `new`, `running`, `success`, `failed`, `cancelled`. An operation with item errors still ends as
/// `success`"; "`summary` (null until done): `aggregateTime` (ms), `readCount`, `writeCount`, `errorCount`, `createCount`,
/// `updateCount`".
#[test]
fn an_operation_with_item_errors_ends_as_success() {
    let organization = Organization::new();
    let name = unique("group");
    let body = json!({"data": [
        {"type": "customergroups", "attributes": {"name": name}},
        {"type": "customergroups", "attributes": {"name": ""}},
        {"type": "customergroups", "attributes": {"name": unique("group")}},
    ]});
    let sent = send(&organization, &organization.admin, "customergroups", Format::Json, &body.to_string());
    let ended = sent.ended(organization.client());
    assert_eq!(ended["attributes"]["status"], "success", "{ended}");
    assert_eq!(ended["attributes"]["progress"], 1);
    let summary = &ended["attributes"]["summary"];
    let of = |name: &str| summary[name].as_i64().unwrap();
    assert_eq!((of("readCount"), of("writeCount"), of("errorCount")), (3, 2, 1), "{summary}");
    assert_eq!((of("createCount"), of("updateCount")), (2, 0));
    assert!(of("aggregateTime") >= 0);
}
