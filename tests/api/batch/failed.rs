//! `GET /asyncoperations/{id}/failed`: "the failed records as they were sent with the reason added, ready to be mended and
//! sent again".

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use super::included::customers;
use crate::support::batch::{Sent, send, summary};
use crate::support::client::Answer;
use crate::support::organization::{Organization, unique};
use crate::support::rows;

fn run(organization: &Organization, kind: &str, format: Format, body: &str) -> Sent {
    let sent = send(&organization.admin, kind, format, body);
    sent.ended(organization.client());
    sent
}

fn failed(organization: &Organization, sent: &Sent) -> Answer {
    organization.client().get(&format!("{}/failed", sent.path)).expect(200)
}

#[test]
fn a_document_comes_back_mended_with_the_reasons_still_in_it() {
    let organization = Organization::new();
    let [good, mended] = [unique("group"), unique("group")];
    let body = json!({"data": [
        {"type": "customergroups", "attributes": {"name": good}},
        {"type": "customergroups", "id": "b", "attributes": {"name": ""}, "meta": {"note": 1.50}},
    ]});
    let sent = run(&organization, "customergroups", Format::Json, &body.to_string());
    let answer = failed(&organization, &sent);
    assert_eq!(answer.header("Content-Type"), "application/vnd.api+json");
    let name = format!("attachment; filename=\"customergroups-{}-failed.json\"", sent.id);
    assert_eq!(answer.header("Content-Disposition"), name);
    let mut document = answer.json();
    let reason = json!({"status": "400", "title": "not blank constraint", "detail": "This value should not be blank.",
        "source": {"pointer": "/data/1/attributes/name"}});
    let expected = json!({"data": [
        {"type": "customergroups", "id": "b", "attributes": {"name": ""}, "meta": {"note": 1.50, "errors": [reason]}},
    ], "included": []});
    assert_eq!(document, expected);
    document["data"][0]["attributes"]["name"] = json!(mended);
    let again = run(&organization, "customergroups", Format::Json, &document.to_string());
    assert_eq!(summary(&again.now(organization.client())), [1, 1, 0, 1, 0]);
    assert_eq!(failed(&organization, &again).json(), json!({"data": [], "included": []}));
}

/// What others have made of an included record is named by its id, and what belongs to the failed record alone comes along.
#[test]
fn included_records_come_along_where_nobody_has_made_them() {
    let organization = Organization::new();
    let client = organization.client();
    let group = unique("group");
    let mut body = customers(3, &group);
    body["data"][1]["attributes"]["name"] = json!("");
    let sent = run(&organization, "customers", Format::Json, &body.to_string());
    assert_eq!(summary(&sent.now(client)), [3, 2, 1, 2, 0]);
    let mut document = failed(&organization, &sent).json();
    assert_eq!(document["included"], json!([]), "the group is there already");
    document["data"][0]["attributes"]["name"] = json!(unique("customer"));
    let again = run(&organization, "customers", Format::Json, &document.to_string());
    assert_eq!(summary(&again.now(client)), [1, 1, 0, 1, 0]);
    let found = client.get(&format!("/admin/api/customers?filter[group.name]={group}")).expect(200).json();
    assert_eq!(found["data"].as_array().unwrap().len(), 3);

    let mut body = customers(2, "");
    body["data"][0].as_object_mut().unwrap().remove("relationships");
    let sent = run(&organization, "customers", Format::Json, &body.to_string());
    let mut document = failed(&organization, &sent).json();
    assert_eq!(document["included"], body["included"], "nobody has made it");
    document["included"][0]["attributes"]["name"] = json!(unique("group"));
    let again = run(&organization, "customers", Format::Json, &document.to_string());
    assert_eq!(summary(&again.now(client)), [1, 1, 0, 1, 0]);
}

#[test]
fn lines_come_back_as_lines() {
    let organization = Organization::new();
    let good = json!({"type": "customergroups", "attributes": {"name": unique("group")}});
    let bad = json!({"type": "customergroups", "attributes": {"name": ""}});
    let sent = run(&organization, "customergroups", Format::Ndjson, &format!("{good}\n{bad}\nno json\n"));
    let answer = failed(&organization, &sent);
    assert_eq!(answer.header("Content-Type"), "application/x-ndjson");
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!((lines.len(), lines[1]), (2, "no json"));
    let mut object: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(object["meta"]["errors"][0]["title"], "not blank constraint");
    object["attributes"]["name"] = json!(unique("group"));
    let again = run(&organization, "customergroups", Format::Ndjson, &object.to_string());
    assert_eq!(summary(&again.now(organization.client())), [1, 1, 0, 1, 0]);
}

#[test]
fn rows_come_back_as_rows() {
    let organization = Organization::new();
    let [good, known, mended] = [unique("group"), unique("group, known"), unique("group")];
    let ids = rows::groups(&organization, &[&known]);
    let body = format!("id;name;meta.update\n;{good};\n{};;true\n999999999;\"x;y\";true\n", ids[0]);
    let sent = run(&organization, "customergroups", Format::Csv, &body);
    let answer = failed(&organization, &sent);
    assert_eq!(answer.header("Content-Type"), "text/csv; charset=utf-8");
    let rows: Vec<&str> = answer.text.lines().collect();
    assert_eq!(rows[0], "id;name;meta.update;meta.errors");
    assert_eq!(rows.len(), 2, "{}", answer.text);
    assert!(rows[1].starts_with("999999999;\"x;y\";true;"), "{}", rows[1]);
    let again = answer.text.replace("999999999", &ids[0].to_string()).replace("\"x;y\"", &mended);
    let again = run(&organization, "customergroups", Format::Csv, &again);
    assert_eq!(summary(&again.now(organization.client())), [1, 1, 0, 0, 1]);
}
