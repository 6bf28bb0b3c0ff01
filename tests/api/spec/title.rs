//! `meta=title` (contract 9).

use crate::support::organization::Organization;
use crate::support::rows::{customers, groups, insert, refused};

// Primary and included records carry their text.
#[test]
fn titles() {
    let organization = Organization::new();
    let group = groups(&organization, &["G"])[0];
    insert(&organization, &format!("INSERT INTO customer (organization_id, name, group_id) VALUES ($1, 'A', {group})"));
    customers(&organization, &["B"]);
    let document =
        organization.client().get("/admin/api/customers?include=group&meta=title&sort=name").expect(200).json();
    assert_eq!(document["data"][0]["meta"]["title"], "A");
    assert_eq!(document["data"][1]["meta"]["title"], "B");
    assert_eq!(document["included"][0]["meta"]["title"], "G");
    assert!(organization.client().get("/admin/api/customers").expect(200).json()["data"][0].get("meta").is_none());
}

// Unknown properties, an empty value, and resources whose titles or meta properties are switched off.
#[test]
fn refusals() {
    let organization = Organization::new();
    let client = organization.client();
    let unknown = "The \"x\" is not known meta property. Known properties: title.";
    refused(client, "/admin/api/customers?meta=x", unknown, "meta");
    refused(client, "/admin/api/customers?meta=", "Expected not empty string value. Given \"\".", "meta");
    let off = "The \"title\" is not allowed meta property. Allowed properties: .";
    refused(client, "/admin/api/entityfieldfallbackvalues?meta=title", off, "meta");
}
