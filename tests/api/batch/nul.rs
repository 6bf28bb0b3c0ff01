//! Records with NUL, which no text of the database can hold.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::{Sent, send, summary};
use crate::support::organization::{Organization, unique};

/// A customer group, with those members over its own.
fn group(members: Value) -> Value {
    let mut group = json!({"type": "customergroups", "attributes": {"name": unique("group")}});
    for (name, value) in members.as_object().unwrap() {
        group[name] = value.clone();
    }
    group
}

/// "one record's error does not stop the others", wherever in it the NUL stands.
#[test]
fn a_record_with_nul_fails_alone() {
    let organization = Organization::new();
    let term = |kind: &str, id: &str| json!({"paymentTerm": {"data": {"type": kind, "id": id}}});
    let bad = [
        json!({"id": "1\0", "meta": {"update": true}}),
        json!({"type": "customer\0groups"}),
        json!({"attributes": {"name": "a\0"}}),
        json!({"attributes": {"name": "a\0"}, "meta": {"upsert": ["name"]}}),
        json!({"attributes": {"name": "a", "b\0": 1}}),
        json!({"c\0": 1}),
        json!({"relationships": {"d\0": {"data": null}}}),
        json!({"relationships": term("paymentterms", "1\0")}),
        json!({"relationships": term("payment\0", "1")}),
    ];
    let records: Vec<Value> = [json!({})].into_iter().chain(bad).map(group).collect();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    let sent = send(&organization.admin, "customergroups", Format::Ndjson, &lines);
    let ended = sent.ended(organization.client());
    let errors = sent.errors(organization.client());
    assert!(errors.iter().all(|(title, _)| title != "runtime exception"), "{errors:?}");
    assert_eq!(summary(&ended)[3], 1, "{errors:?}");
    let outcomes = outcomes(&sent, &organization);
    assert_eq!(outcomes.iter().filter(|(outcome, _)| outcome == "failed").count(), 9, "{outcomes:?}");
    organization.client().get(&format!("{}/failed", sent.path)).expect(200);
}

/// What became of the records, and the ids they were sent under.
fn outcomes(sent: &Sent, organization: &Organization) -> Vec<(String, Value)> {
    let list = organization.client().get(&format!("{}/results?page[size]=100", sent.path)).expect(200).json();
    let results = list["data"].as_array().unwrap().iter().map(|result| &result["attributes"]);
    results.map(|result| (result["outcome"].as_str().unwrap().to_owned(), result["sentId"].clone())).collect()
}

/// A new record may be sent under any id; what cannot be stored of it is told by a sign in its place.
#[test]
fn a_new_record_may_be_sent_under_an_id_with_nul() {
    let organization = Organization::new();
    let body = group(json!({"id": "new\0"})).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Ndjson, &body);
    sent.ended(organization.client());
    assert_eq!(outcomes(&sent, &organization), [("created".to_owned(), json!("new\u{fffd}"))]);
}

/// A record beside the data that no record could be, and that none names, harms none.
#[test]
fn nul_in_an_included_record_that_nobody_names() {
    let organization = Organization::new();
    let body = json!({"data": [group(json!({}))], "included": [{"type": "payment\0terms", "id": "x\0"}]});
    let sent = send(&organization.admin, "customergroups", Format::Json, &body.to_string());
    let ended = sent.ended(organization.client());
    let errors = sent.errors(organization.client());
    assert!(errors.iter().all(|(title, _)| title != "runtime exception"), "{errors:?}");
    assert_eq!(summary(&ended)[3], 1, "{errors:?}");
}

/// A body that is refused as a whole says so.
#[test]
fn a_file_with_nul_in_its_head_is_refused() {
    let organization = Organization::new();
    let sent = send(&organization.admin, "customergroups", Format::Csv, "name,x\0\na,b\n");
    sent.ended(organization.client());
    let errors = sent.errors(organization.client());
    assert!(errors[0].1.starts_with("The column \"x\u{fffd}\" is nothing"), "{errors:?}");
}
