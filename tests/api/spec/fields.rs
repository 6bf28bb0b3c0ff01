//! Sparse fieldsets (contract 8).

use serde_json::json;

use crate::support::organization::Organization;
use crate::support::rows::{customers, refused};

// Only the named members are shown, and the id always; unknown names are nothing; an empty list leaves type and id.
#[test]
fn members() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let client = organization.client();
    let shown = |fields: &str| {
        let path = format!("/admin/api/customers/{id}?fields[customers]={fields}");
        let mut data = client.get(&path).expect(200).json()["data"].clone();
        data.as_object_mut().unwrap().remove("links");
        data
    };
    let identifier = json!({"type": "customers", "id": id.to_string()});
    assert_eq!(shown(""), identifier);
    assert_eq!(shown("nothing"), identifier);
    let mut expected = identifier;
    expected["attributes"] = json!({"name": "A"});
    assert_eq!(shown("name,nothing"), expected);
}

#[test]
fn refusals() {
    let organization = Organization::new();
    let client = organization.client();
    refused(client, "/admin/api/customers?fields=name", "An entity type is not specified.", "fields");
    refused(client, "/admin/api/customers?fields[]=name", "An entity type is not specified.", "fields[]");
    refused(client, "/admin/api/customers?fields[nothing]=name", "An entity type is not known.", "fields[nothing]");
}
