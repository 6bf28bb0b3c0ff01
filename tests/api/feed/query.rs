//! What a request for changes may ask, and what is refused.

use serde_json::json;

use super::{CHANGES, Reader};
use crate::support::organization::Organization;
use crate::support::rows::refused;
use crate::support::shop::Shop;

/// "`filter[type]=orders,products`", "also filters on action, id, time".
#[test]
fn filters() {
    let shop = Shop::new();
    let start = Reader::from_the_opening(&shop);
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    let customer = shop.create("customers", &json!({"name": "B"}), &json!({}));
    shop.change("customers", &customer, &json!({"name": "C"})).expect(200);
    let reader = |query: &str| Reader { cursor: start.cursor.clone(), ..Reader::from_now(shop.client()) }.with(query);
    let (made, other, changed) = (
        format!("created customergroups {group}"),
        format!("created customers {customer}"),
        format!("updated customers {customer}"),
    );
    assert_eq!(reader("").until(3), [made.clone(), other.clone(), changed.clone()]);
    assert_eq!(reader("&filter[type]=customers").until(2), [other.clone(), changed.clone()]);
    assert_eq!(reader("&filter[type]=customergroups,orders").until(1), std::slice::from_ref(&made));
    assert_eq!(reader("&filter[action]=updated").until(1), std::slice::from_ref(&changed));
    assert_eq!(
        reader(&format!("&filter[type]=customers&filter[id]={customer}")).until(2),
        [other.clone(), changed.clone()]
    );
    assert_eq!(reader("&filter[changedAt][gte]=2020-01-01").until(3).len(), 3);
    assert_eq!(reader("&filter[changedAt][lt]=2020-01-01").read()["data"], json!([]));
    // What a filter leaves out is behind the cursor all the same, and the cursor is good for other filters.
    let mut narrow = reader("&filter[type]=orders");
    assert_eq!(narrow.read()["data"], json!([]));
    narrow.query.clear();
    assert_eq!(narrow.read()["data"], json!([]));
}

/// "Unknown types in the filter: 400 naming them."
#[test]
fn what_is_refused() {
    let organization = Organization::new();
    let client = organization.client();
    let get = |query: &str| format!("{CHANGES}?{query}");
    refused(client, &get("filter[type]=order"), "Unknown entity type: order.", "filter[type]");
    refused(client, &get("filter[type]=orders,a,b"), "Unknown entity types: a, b.", "filter[type]");
    let expected = "Expected \"created\", \"updated\" or \"deleted\". Given \"made\".";
    refused(client, &get("filter[action]=made"), expected, "filter[action]");
    refused(client, &get("filter[changedAt]=2020"), "The filter is not supported.", "filter[changedAt]");
    refused(
        client,
        &get("filter[changedAt][neq]=2020"),
        "The operator \"neq\" is not supported.",
        "filter[changedAt][neq]",
    );
    refused(client, &get("filter[changedAt][gt]=x"), "Expected datetime value. Given \"x\".", "filter[changedAt][gt]");
    refused(client, &get("page[size]=1001"), "The value should be less than or equals to 1000.", "page[size]");
    refused(client, &get("page[size]=-1"), "The value should be greater than or equals to 0.", "page[size]");
    refused(client, &get("page[number]=2"), "The filter is not supported.", "page[number]");
    refused(client, &get("sort=id"), "The filter is not supported.", "sort");
    refused(client, &get("wait=61"), "The value should be less than or equals to 60.", "wait");
    refused(client, &get("wait=soon"), "Expected integer value. Given \"soon\".", "wait");
    let cursor = "The cursor is none of the changes. Start with \"page[after]=\".";
    refused(client, &get("page[after]=abc"), cursor, "page[after]");
    let theirs = Reader::from_now(Organization::new().client());
    refused(client, &get(&format!("page[after]={}", theirs.cursor)), cursor, "page[after]");
}

/// Only GET, only in the back office, only with credentials, and only by the records' own ids.
#[test]
fn where_there_are_changes() {
    let organization = Organization::new();
    let client = organization.client();
    let options = client.send(reqwest::Method::OPTIONS, CHANGES, |request| request).expect(200);
    assert_eq!(options.header("Allow"), "OPTIONS, GET");
    client.post(CHANGES, &json!({})).expect(405);
    organization.server.client().get(CHANGES).expect(401);
    organization.storefront_user().client.get("/api/changes").expect(404);
    let ext = client.send(reqwest::Method::GET, CHANGES, |request| request.header("X-Integration-Type", "ext_id"));
    ext.expect(404);
    assert_eq!(client.send(reqwest::Method::HEAD, CHANGES, |request| request).expect(200).text, "");
}
