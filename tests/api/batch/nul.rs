//! Records with NUL, which no text of the database can hold.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::{send, summary};
use crate::support::organization::{Organization, unique};

/// "one record's error does not stop the others", wherever in it the NUL stands.
#[test]
fn a_record_with_nul_fails_alone() {
    let organization = Organization::new();
    let client = organization.client();
    let group = |members: Value| {
        let mut group = json!({"type": "customergroups", "attributes": {"name": unique("group")}});
        for (name, value) in members.as_object().unwrap() {
            group[name] = value.clone();
        }
        group
    };
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
    // The id that a new record is sent under may be any, and is told without what cannot be stored.
    let records: Vec<Value> = [json!({}), json!({"id": "new\0"})].into_iter().chain(bad).map(group).collect();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    let included = json!({"data": [group(json!({}))], "included": [{"type": "payment\0terms", "id": "x\0"}]});
    for (format, body, good) in [(Format::Ndjson, lines, 2), (Format::Json, included.to_string(), 1)] {
        let sent = send(&organization.admin, "customergroups", format, &body);
        let ended = sent.ended(client);
        let errors = sent.errors(client);
        assert!(errors.iter().all(|(title, _)| title != "runtime exception"), "{errors:?}");
        assert_eq!(summary(&ended)[3], good, "{errors:?}");
        let list = client.get(&format!("{}/results?page[size]=100", sent.path)).expect(200).json();
        let outcomes = list["data"].as_array().unwrap().iter().map(|result| &result["attributes"]["outcome"]);
        assert_eq!(outcomes.filter(|outcome| **outcome == "failed").count(), 9 * usize::from(good == 2), "{list}");
        if good == 2 {
            client.get(&format!("{}/failed", sent.path)).expect(200);
            assert_eq!(list["data"][1]["attributes"]["sentId"], "new\u{fffd}");
        }
    }
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
