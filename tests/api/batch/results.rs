//! `GET /asyncoperations/{id}/results`: what became of each record.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::send;
use crate::support::organization::{Organization, unique};
use crate::support::rows;

/// "`GET /asyncoperations/{id}/results` pages through index, id given, external key, outcome (created, updated, unchanged,
/// failed)".
#[test]
fn each_record_has_a_result() {
    let organization = Organization::new();
    let client = organization.client();
    let [same, old, new] = [unique("group"), unique("group"), unique("group")];
    let ids = rows::groups(&organization, &[&same, &old]);
    let upsert = json!({"upsert": ["name"]});
    let body = json!({"data": [
        {"type": "customergroups", "id": "first", "meta": upsert, "attributes": {"name": same}},
        {"type": "customergroups", "id": ids[1].to_string(), "meta": {"update": true}, "attributes": {"name": new}},
        {"type": "customergroups", "lid": "third", "attributes": {"name": unique("group")}},
        {"type": "customergroups", "attributes": {"name": ""}},
    ]});
    let sent = send(&organization.admin, "customergroups", Format::Json, &body.to_string());
    sent.ended(client);
    let path = format!("{}/results", sent.path);
    let list = client.get(&path).expect(200).json();
    let results: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|result| &result["attributes"]).collect();
    let outcomes: Vec<&Value> = results.iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, ["unchanged", "updated", "created", "failed"], "{list}");
    let indexes: Vec<&Value> = results.iter().map(|result| &result["index"]).collect();
    assert_eq!(indexes, ["0", "1", "2", "3"]);
    let sent_ids: Vec<&Value> = results.iter().map(|result| &result["sentId"]).collect();
    assert_eq!(sent_ids, [&json!("first"), &json!(ids[1].to_string()), &json!("third"), &Value::Null]);
    assert_eq!(results[0]["externalKey"], json!({ "name": same }));
    assert_eq!(results[0]["recordId"], ids[0].to_string());
    assert_eq!((&results[3]["recordId"], &results[3]["externalKey"]), (&Value::Null, &Value::Null));
    let created = results[2]["recordId"].as_str().unwrap();
    client.get(&format!("/admin/api/customergroups/{created}")).expect(200);
    let failed = client.get(&format!("{path}?filter[outcome]=failed")).expect(200).json();
    assert_eq!(failed["data"].as_array().unwrap().len(), 1);
    assert_eq!(failed["data"][0]["id"], format!("{}-3", sent.id));
}

/// Pages by number and by cursor show every record once, over the bounds of chunks.
#[test]
fn results_come_in_pages() {
    let organization = Organization::new();
    let client = organization.client();
    let body = json!({ "data": super::groups(2_500) }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    sent.ended(client);
    for first in ["page[size]=700", "page[size]=700&page[after]="] {
        let mut indexes: Vec<usize> = Vec::new();
        let mut next = Some(format!("{}/results?{first}", sent.path));
        while let Some(path) = next {
            let page = client.get(&path).expect(200).json();
            let index = |result: &Value| result["attributes"]["index"].as_str().unwrap().parse::<usize>().unwrap();
            indexes.extend(page["data"].as_array().unwrap().iter().map(index));
            next = page["links"]["next"].as_str().map(|link| link[link.find("/admin").unwrap()..].to_owned());
        }
        assert_eq!(indexes, (0..2_500).collect::<Vec<_>>(), "{first}");
    }
    let error = client.get(&format!("{}/results?page[size]=-1", sent.path)).expect(400).error();
    assert_eq!(error["source"]["parameter"], "page[size]");
}
