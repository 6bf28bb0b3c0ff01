//! From the request to the end.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use super::groups;
use crate::support::batch::{Sent, send, summary};
use crate::support::organization::{Organization, unique};
use crate::support::rows;

fn of_groups(organization: &Organization, data: &[Value]) -> Sent {
    let body = json!({ "data": data }).to_string();
    send(&organization.admin, "customergroups", Format::Json, &body)
}

/// "attributes `status`, `progress` (fraction 0..1 or null), `createdAt`, `updatedAt`, `elapsedTime` (s), `entityType`,
/// `summary`; relationships `owner`, `organization`".
#[test]
fn an_operation_is_a_record() {
    let organization = Organization::new();
    let sent = of_groups(&organization, &groups(1));
    let operation = sent.ended(organization.client());
    assert_eq!(operation["type"], "asyncoperations");
    let members = |part: &str| {
        let mut names: Vec<String> = operation[part].as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let expected = ["createdAt", "elapsedTime", "entityType", "progress", "status", "summary", "updatedAt"];
    assert_eq!(members("attributes"), expected);
    assert_eq!(members("relationships"), ["organization", "owner"]);
    assert_eq!(operation["attributes"]["entityType"], "customergroups");
    assert!(operation["attributes"]["elapsedTime"].is_u64());
    let owner = json!({"type": "users", "id": organization.admin.id.to_string()});
    assert_eq!(operation["relationships"]["owner"]["data"], owner);
    // "no list, no changes"
    organization.client().get("/admin/api/asyncoperations").expect(404);
    assert_eq!(organization.client().delete(&sent.path).expect(405).header("Allow"), "OPTIONS, GET, PATCH");
}

/// "Status values: `new`, `running`, `success`, `failed`, `cancelled`. An operation with item errors still ends as
/// `success`"; "`summary` (null until done): `aggregateTime` (ms), `readCount`, `writeCount`, `errorCount`, `createCount`,
/// `updateCount`"; "a failed item does not undo others".
#[test]
fn an_operation_with_item_errors_ends_as_success() {
    let organization = Organization::new();
    let mut data = groups(2);
    data.insert(1, json!({"type": "customergroups", "attributes": {"name": ""}}));
    let ended = of_groups(&organization, &data).ended(organization.client());
    assert_eq!((&ended["attributes"]["status"], &ended["attributes"]["progress"]), (&json!("success"), &json!(1)));
    assert_eq!(summary(&ended), [3, 2, 1, 2, 0]);
    assert!(ended["attributes"]["summary"]["aggregateTime"].is_u64());
    for group in [&data[0], &data[2]] {
        let name = group["attributes"]["name"].as_str().unwrap();
        let found = organization.client().get(&format!("/admin/api/customergroups?filter[name]={name}")).expect(200);
        assert_eq!(found.json()["data"].as_array().unwrap().len(), 1);
    }
}

/// "`failed` means the whole file could not be processed (bad JSON, wrong structure, limits)"; "Whole-request failures
/// produce one error with title `async operation exception` (or `request data constraint` for parse errors) and summary
/// with errorCount 1."
#[test]
fn a_body_that_is_broken_at_its_end_writes_nothing() {
    let organization = Organization::new();
    let name = unique("group");
    let body =
        format!(r#"{{"data": [{{"type": "customergroups", "attributes": {{"name": "{name}"}}}}, {{"type": }}]}}"#);
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    let ended = sent.ended(organization.client());
    assert_eq!((&ended["attributes"]["status"], &ended["attributes"]["progress"]), (&json!("failed"), &Value::Null));
    assert_eq!(summary(&ended), [0, 0, 1, 0, 0]);
    let errors = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
    let [error] = errors["data"].as_array().unwrap().as_slice() else { panic!("{errors}") };
    assert_eq!(error["attributes"]["title"], "request data constraint");
    assert_eq!(error["attributes"]["status"], 400);
    assert_eq!(error["id"], format!("{}-0-1", sent.id));
    assert_eq!(rows::names(organization.client(), &format!("/admin/api/customergroups?filter[name]={name}")), [""; 0]);
}

/// "`meta.update: true` marks an update (id required), `meta.upsert` an upsert".
#[test]
fn records_are_created_updated_and_upserted() {
    let organization = Organization::new();
    let client = organization.client();
    let [known, upserted] = [unique("group"), unique("group")];
    let ids = rows::groups(&organization, &[&known, &upserted]);
    let new = unique("group");
    let upsert =
        |name: &str| json!({"type": "customergroups", "meta": {"upsert": ["name"]}, "attributes": {"name": name}});
    let data = [
        json!({"type": "customergroups", "id": ids[0].to_string(), "meta": {"update": true},
            "attributes": {"name": format!("{known} changed")}}),
        upsert(&upserted),
        upsert(&new),
        json!({"type": "customergroups", "meta": {"update": true}, "attributes": {"name": "x"}}),
    ];
    let ended = of_groups(&organization, &data).ended(client);
    assert_eq!(summary(&ended), [4, 3, 1, 1, 2], "{ended}");
    let item = client.get(&format!("/admin/api/customergroups/{}", ids[0])).expect(200).json();
    assert_eq!(item["data"]["attributes"]["name"], format!("{known} changed"));
}

/// Many chunks, written by several workers at once, are counted right, and each record is written once.
#[test]
fn ten_thousand_records_are_written_once_each() {
    let organization = Organization::new();
    let data = groups(10_000);
    let ended = of_groups(&organization, &data).ended(organization.client());
    assert_eq!(summary(&ended), [10_000, 10_000, 0, 10_000, 0]);
    let list = organization.client().send(reqwest::Method::GET, "/admin/api/customergroups?page[size]=1", |request| {
        request.header("X-Include", "totalCount")
    });
    let total: usize = list.expect(200).header("X-Include-Total-Count").parse().unwrap();
    // Those that come with an organization are there too.
    assert!((10_000..10_010).contains(&total), "{total}");
}
