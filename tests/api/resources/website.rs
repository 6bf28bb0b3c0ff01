//! Websites: every organization has its own.

use serde_json::json;

use crate::support::organization::Organization;

/// A default website is made with the organization; that of another one is not seen.
#[test]
fn every_organization_has_one_default_website() {
    let (ours, theirs) = (Organization::new(), Organization::new());
    let list = ours.client().get("/admin/api/websites?filter[default]=true").expect(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["data"][0]["id"], json!(ours.first.website.to_string()));
    assert_eq!(list["data"][0]["attributes"]["default"], true);
    ours.client().get(&format!("/admin/api/websites/{}", theirs.first.website)).expect(404);
}
