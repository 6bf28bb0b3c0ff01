//! `X-Mode: sync`: all or nothing, answered when it is done.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::{CUSTOMERS, GROUPS, group, groups, gzip, send, send_sync};
use crate::support::batch::{Sent, summary};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;
use crate::support::shop::one;

/// "Success -> **200**, `data` list in request order, each with `meta.dataId` = the id label sent (if any); `included`
/// each with `meta.includeId`" (contract 19).
#[test]
fn records_come_back_in_the_order_of_the_request() {
    let organization = Organization::new();
    let client = organization.client();
    let names: Vec<String> = ["C", "A", "B"].iter().map(|name| unique(name)).collect();
    let kept = client.post(GROUPS, &json!({"data": group("x", &names[2])})).expect(201).id();
    let mut changed = group(&kept, &format!("{} again", names[2]));
    changed["meta"] = json!({"update": true});
    let mut nameless = group("z", &names[1]);
    nameless.as_object_mut().unwrap().remove("id");
    let answer = send_sync(client, GROUPS, &json!({"data": [group("z", &names[0]), changed, nameless]})).expect(200);
    let data = answer.json()["data"].as_array().unwrap().clone();
    let shown: Vec<(&str, &Value)> =
        data.iter().map(|one| (one["attributes"]["name"].as_str().unwrap(), &one["meta"]["dataId"])).collect();
    let again = format!("{} again", names[2]);
    let expected =
        [(names[0].as_str(), &json!("z")), (again.as_str(), &json!(kept)), (names[1].as_str(), &Value::Null)];
    assert_eq!(shown, expected);
    assert_eq!(data[1]["id"], kept.as_str());
}

#[test]
fn included_records_are_shown_under_their_labels() {
    let organization = Organization::new();
    let customer = |label: &str, group: &str| {
        json!({"type": "customers", "id": label, "attributes": {"name": unique(label)},
            "relationships": {"group": one("customergroups", group)}})
    };
    let body = json!({
        "data": [customer("first", "shared"), customer("second", "shared"), customer("third", "own")],
        "included": [group("own", &unique("Own")), group("shared", &unique("Shared"))],
    });
    let answer = send_sync(organization.client(), &format!("{CUSTOMERS}?fields[customers]=name,group"), &body)
        .expect(200)
        .json();
    let labels: Vec<&Value> = answer["data"].as_array().unwrap().iter().map(|one| &one["meta"]["dataId"]).collect();
    assert_eq!(labels, ["first", "second", "third"]);
    let mut included: Vec<&Value> =
        answer["included"].as_array().unwrap().iter().map(|one| &one["meta"]["includeId"]).collect();
    included.sort_by_key(|label| label.as_str());
    assert_eq!(included, ["own", "shared"], "each once");
    let attributes = answer["data"][0]["attributes"].as_object().unwrap();
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["name"], "fields apply to the reply");
    assert_eq!(
        answer["data"][0]["relationships"]["group"]["data"], answer["data"][1]["relationships"]["group"]["data"],
        "made once"
    );
}

/// "Processed in order, one transaction: all or nothing. … Errors -> normal error document with pointers `/data/N/...`"
#[test]
fn one_fault_undoes_all() {
    let organization = Organization::new();
    let (good, taken) = (unique("Good"), unique("Taken"));
    organization.client().post(GROUPS, &json!({"data": group("x", &taken)})).expect(201);
    let refused = |item: Value| send_sync(organization.client(), GROUPS, &json!({"data": [group("a", &good), item]}));
    let check = |answer: Answer, status: u16, title: &str, pointer: &str| {
        let error = answer.expect(status).error();
        assert_eq!((error["title"].as_str(), error["source"]["pointer"].as_str()), (Some(title), Some(pointer)));
        assert_eq!(groups(organization.client(), &good), 0, "{title}");
    };
    check(refused(group("b", "")), 400, "not blank constraint", "/data/1/attributes/name");
    check(
        refused(json!({"type": "customergroups", "attributes": {"name": 5}})),
        400,
        "form constraint",
        "/data/1/attributes/name",
    );
    check(refused(json!({"type": "customers", "id": "b"})), 400, "entity type constraint", "/data/1/type");
    check(refused(json!(5)), 400, "request data constraint", "/data/1");
    let unknown = json!({"type": "customergroups", "id": "9223372036854775806", "meta": {"update": true}});
    check(refused(unknown), 404, "not found http exception", "/data/1");
    assert_eq!(groups(organization.client(), &good), 0);
}

/// "The entity type "x" is not supported by this batch operation." (contract 19)
#[test]
fn records_of_another_type_are_refused() {
    let organization = Organization::new();
    let error =
        send_sync(organization.client(), GROUPS, &json!({"data": [{"type": "brands", "id": "1"}]})).expect(400).error();
    assert_eq!(error["detail"], "The entity type \"brands\" is not supported by this batch operation.");
}

/// "Limits: 100 primary, 50 included …; exceeding -> 400 `request data constraint`, detail …" (contract 19).
#[test]
fn there_may_be_a_hundred_records_and_fifty_included() {
    let organization = Organization::new();
    let groups_of =
        |count: usize| -> Vec<Value> { (0..count).map(|label| group(&label.to_string(), &unique("G"))).collect() };
    send_sync(organization.client(), GROUPS, &json!({"data": groups_of(100)})).expect(200);
    let error = send_sync(organization.client(), GROUPS, &json!({"data": groups_of(101)})).expect(400).error();
    assert_eq!(error["title"], "request data constraint");
    assert_eq!(
        error["detail"],
        "The data limit for the synchronous operation exceeded. The maximum number of records that can be processed by \
         the synchronous operation is 100."
    );
    let customers = |count: usize| {
        let data: Vec<Value> = (0..count)
            .map(|label| {
                json!({"type": "customers", "id": label.to_string(), "attributes": {"name": unique("C")},
                    "relationships": {"group": one("customergroups", &label.to_string())}})
            })
            .collect();
        send_sync(organization.client(), CUSTOMERS, &json!({"data": data, "included": groups_of(count)}))
    };
    customers(50).expect(200);
    let error = customers(51).expect(400).error();
    assert_eq!(
        error["detail"],
        "The data limit for the synchronous operation exceeded for the section \"included\". The maximum number of \
         included records that can be processed by the synchronous operation is 50."
    );
}

#[test]
fn upserts_find_their_records() {
    let organization = Organization::new();
    let name = unique("Group");
    let id = organization.client().post(GROUPS, &json!({"data": group("x", &name)})).expect(201).id();
    let upsert =
        |name: &str| json!({"type": "customergroups", "attributes": {"name": name}, "meta": {"upsert": ["name"]}});
    let body = json!({"data": [upsert(&name), upsert(&unique("Other"))]});
    let data = send_sync(organization.client(), GROUPS, &body).expect(200).json()["data"].clone();
    assert_eq!(data[0]["id"], id.as_str());
    assert_ne!(data[1]["id"], id.as_str());
}

#[test]
fn lines_and_tables_may_be_sent_too() {
    let organization = Organization::new();
    let [first, second] = [unique("First"), unique("Second")];
    let lines = format!("{}\n{}\n", group("a", &first), group("b", &second));
    let headers = [("X-Mode", "sync"), ("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip")];
    let data = send(organization.client(), GROUPS, &headers, gzip(lines.as_bytes())).expect(200).json()["data"].clone();
    let id = data[1]["id"].as_str().unwrap();
    let table = format!("id,meta.update,name\r\n{id},true,\"{second}, Inc.\"\r\n");
    let headers = [("X-Mode", "sync"), ("Content-Type", "text/csv")];
    let data = send(organization.client(), GROUPS, &headers, table).expect(200).json()["data"].clone();
    assert_eq!(data[0]["attributes"]["name"], format!("{second}, Inc."));
    let error = send(organization.client(), GROUPS, &headers, "name\nA,B\n").expect(400).error();
    assert_eq!(error["detail"], "Line 2: The row has 2 cells, and there are 1 columns.");
    assert_eq!(error["source"]["pointer"], "/data/0");
}

/// A server that gives synchronous requests a second, a group that another transaction holds, and that transaction.
fn held_up() -> (Organization, String, PgConnection) {
    let url = database::own();
    let settings = "[queue]\nworkers = 1\n[batch]\nsync_timeout = 1";
    let organization = Organization::on(TestServer::lasting(&url, settings));
    let id = organization.client().post(GROUPS, &json!({"data": group("x", &unique("Group"))})).expect(201).id();
    let mut other = PgConnection::establish(&url).unwrap();
    other.batch_execute(&format!("BEGIN; SELECT 1 FROM customer_group WHERE id = {id} FOR UPDATE")).unwrap();
    (organization, id, other)
}

/// A group to be made, and the one that is held.
fn new_and(held: &str) -> Vec<Value> {
    let mut changed = group(held, "Changed");
    changed["meta"] = json!({"update": true});
    vec![group("new", "New"), changed]
}

/// "If processing takes more than 25 s (`sync_processing_wait_timeout`) the answer degrades to the asynchronous reply
/// (202)." What was begun is rolled back, and the operation does it from the start, once.
#[test]
fn what_takes_too_long_is_done_by_an_operation() {
    let (organization, held, mut other) = held_up();
    let answer = send_sync(organization.client(), GROUPS, &json!({ "data": new_and(&held) })).expect(202);
    let sent = Sent::of(&answer);
    assert!(answer.header("Content-Location").ends_with(&sent.path));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(summary(&sent.ended(organization.client())), [2, 2, 0, 1, 1]);
    for name in ["New", "Changed"] {
        assert_eq!(groups(organization.client(), name), 1, "{name}");
    }
}

/// "Processed in order, one transaction: all or nothing": also where an operation does it.
#[test]
fn what_takes_too_long_is_still_done_as_a_whole_or_not_at_all() {
    let (organization, held, mut other) = held_up();
    let client = organization.client();
    let mut data = new_and(&held);
    // That there is none is seen when the other is let go.
    data.push(json!({"type": "customergroups", "id": "999999999", "meta": {"update": true}}));
    let sent = Sent::of(&send_sync(client, GROUPS, &json!({ "data": data })));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(summary(&sent.ended(client)), [3, 0, 1, 0, 0]);
    for name in ["New", "Changed"] {
        assert_eq!(groups(client, name), 0, "{name}");
    }
    let failed = client.get(&format!("{}/failed", sent.path)).expect(200).json();
    assert_eq!(failed["data"].as_array().unwrap().len(), 3);
}
