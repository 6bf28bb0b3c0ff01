//! Included records (contract 7) and sparse fieldsets where they meet them (contract 8).

use serde_json::Value;

use crate::support::organization::Organization;
use crate::support::rows::{customers, groups, ids, insert, refused};

/// `R` with children `A` and `B`, both in one group.
fn tree() -> (Organization, Vec<i64>, i64) {
    let organization = Organization::new();
    let group = groups(&organization, &["G"])[0];
    let root = customers(&organization, &["R"])[0];
    let children = insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id, group_id) VALUES
             ($1, 'A', {root}, {group}), ($1, 'B', {root}, {group})"
        ),
    );
    (organization, vec![root, children[0], children[1]], group)
}

/// `type/id` of every included record.
fn included(document: &Value) -> Vec<String> {
    let Some(list) = document["included"].as_array() else { panic!("nothing included: {document}") };
    let name = |item: &Value| format!("{}/{}", item["type"].as_str().unwrap(), item["id"].as_str().unwrap());
    list.iter().map(name).collect()
}

// Every included record stands there once, however often it is pointed at, and the primary data are not repeated.
#[test]
fn each_record_once() {
    let (organization, ids, group) = tree();
    let client = organization.client();
    let document = client.get("/admin/api/customers?include=group,parent,parent.children&sort=id").expect(200).json();
    assert_eq!(included(&document), [format!("customergroups/{group}")]);
    let path = format!("/admin/api/customers/{}?include=group,parent,parent.children", ids[1]);
    let mut found = included(&client.get(&path).expect(200).json());
    found.sort();
    let mut expected =
        vec![format!("customergroups/{group}"), format!("customers/{}", ids[0]), format!("customers/{}", ids[2])];
    expected.sort();
    assert_eq!(found, expected);
}

// A path goes on through records that are shown already.
#[test]
fn paths_through_primary_records() {
    let (organization, ids, group) = tree();
    let path = format!("/admin/api/customers/{}?include=children.parent.children.group", ids[0]);
    let found = included(&organization.client().get(&path).expect(200).json());
    assert_eq!(found.len(), 3);
    assert!(found.contains(&format!("customergroups/{group}")), "{found:?}");
}

// A name that is no relationship is ignored; in the strict profile it is refused.
#[test]
fn unknown_names() {
    let (organization, _, group) = tree();
    let client = organization.client();
    let document = client.get("/admin/api/customers?include=nothing,group.nothing,name").expect(200).json();
    assert_eq!(included(&document), [format!("customergroups/{group}")]);
    let strict = client.send(reqwest::Method::GET, "/admin/api/customers?include=nothing", |request| {
        request.header("Accept", "application/vnd.api+json;profile=\"urn:entrepot:profile:strict\"")
    });
    assert_eq!(strict.expect(400).error()["source"]["parameter"], "include");
}

// Empty elements are an error, an empty list is none.
#[test]
fn empty_elements() {
    let (organization, _, _) = tree();
    let client = organization.client();
    let detail = "Expected an array of not empty strings. Given \",group\".";
    refused(client, "/admin/api/customers?include=,group", detail, "include");
    assert_eq!(included(&client.get("/admin/api/customers?include=").expect(200).json()), [""; 0]);
}

// When `fields` limits a resource, a relationship it leaves out is neither shown nor followed.
#[test]
fn fields_limit_what_is_followed() {
    let (organization, _, group) = tree();
    let client = organization.client();
    let path =
        "/admin/api/customers?filter[name]=A&include=group,parent&fields[customers]=group&fields[customergroups]=name";
    let document = client.get(path).expect(200).json();
    assert_eq!(included(&document), [format!("customergroups/{group}")]);
    assert_eq!(document["data"][0]["relationships"].as_object().unwrap().len(), 1);
    assert_eq!(document["included"][0]["attributes"], serde_json::json!({"name": "G"}));
    assert!(document["included"][0].get("relationships").is_none());
    let none = client.get("/admin/api/customers?include=group&fields[customers]=name").expect(200).json();
    assert_eq!(included(&none), [""; 0]);
}

// A path is as deep as the limit allows.
#[test]
fn depth() {
    let (organization, ids, _) = tree();
    let client = organization.client();
    let path = |depth: usize| format!("/admin/api/customers/{}?include={}", ids[1], vec!["parent"; depth].join("."));
    client.get(&path(8)).expect(200);
    assert_eq!(client.get(&path(9)).expect(400).error()["source"]["parameter"], "include");
}

// A to-many shows all its ids, included or not.
#[test]
fn linkage_is_whole() {
    let (organization, all, _) = tree();
    let document = organization.client().get(&format!("/admin/api/customers/{}", all[0])).expect(200).json();
    assert_eq!(ids(&document["data"]["relationships"]["children"]["data"]), all[1..]);
    assert_eq!(document["data"]["relationships"]["parent"]["data"], Value::Null);
    assert_eq!(document["data"]["relationships"]["users"]["data"], serde_json::json!([]));
    assert!(document.get("included").is_none());
}
