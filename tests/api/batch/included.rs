//! Included records: shared by the records of a batch, across its chunks.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::{send, summary};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;
use crate::support::shop::one;

/// Customers of one group, which comes with them.
pub fn customers(count: usize, group: &str) -> Value {
    let customer = |_| {
        json!({"type": "customers", "attributes": {"name": unique("customer")},
            "relationships": {"group": one("customergroups", "shared")}})
    };
    let data: Vec<Value> = (0..count).map(customer).collect();
    let included = json!([{"type": "customergroups", "id": "shared", "attributes": {"name": group}}]);
    json!({"data": data, "included": included})
}

/// "Included items are shared by all primary items": also by those of other chunks, and then it is made once.
#[test]
fn an_included_record_is_made_once_for_all_chunks() {
    let url = database::own();
    let settings = "[queue]\nworkers = 4\n[batch]\nchunk_size = 10";
    let organization = Organization::on(TestServer::lasting(&url, settings));
    let group = unique("group");
    let body = customers(200, &group).to_string();
    let sent = send(&organization.admin, "customers", Format::Json, &body);
    assert_eq!(summary(&sent.ended(organization.client())), [200, 200, 0, 200, 0]);
    let path = format!("/admin/api/customers?filter[group.name]={group}&page[size]=-1");
    let found = organization.client().get(&path).expect(200).json();
    let found = found["data"].as_array().unwrap();
    assert_eq!(found.len(), 200);
    let id = &found[0]["relationships"]["group"]["data"]["id"];
    assert!(found.iter().all(|customer| customer["relationships"]["group"]["data"]["id"] == *id));
}

/// "must be linked from at least one (`The entity should have a relationship with at least one primary entity and this
/// should be explicitly specified in the request`, pointer `/included/N`)".
#[test]
fn an_included_record_that_nothing_names_is_an_error() {
    let organization = Organization::new();
    let mut body = customers(2, &unique("group"));
    let stray = json!({"type": "customergroups", "id": "stray", "attributes": {"name": unique("group")}});
    body["included"].as_array_mut().unwrap().push(stray);
    let sent = send(&organization.admin, "customers", Format::Json, &body.to_string());
    assert_eq!(summary(&sent.ended(organization.client())), [2, 2, 1, 2, 0]);
    let list = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
    let error = &list["data"][0]["attributes"];
    let detail = "The entity should have a relationship with at least one primary entity and this should be explicitly \
                  specified in the request";
    assert_eq!((&error["title"], &error["detail"]), (&json!("request data constraint"), &json!(detail)));
    assert_eq!(error["source"]["pointer"], "/included/1");
}

/// An error of an included record is told once, though several records fail by it.
#[test]
fn an_error_of_an_included_record_is_told_once() {
    let organization = Organization::new();
    let body = customers(3, "").to_string();
    let sent = send(&organization.admin, "customers", Format::Json, &body);
    assert_eq!(summary(&sent.ended(organization.client())), [3, 0, 1, 0, 0]);
    let list = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
    assert_eq!(list["data"][0]["attributes"]["source"]["pointer"], "/included/0/attributes/name");
}
