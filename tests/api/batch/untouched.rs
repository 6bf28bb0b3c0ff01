//! Nothing but cancelling can be done to an operation, by whatever way.

use entrepot::engine::split::Format;
use reqwest::Method;
use serde_json::{Value, json};

use crate::spec::atomic::operate;
use crate::support::batch::{Sent, send};
use crate::support::client::{Answer, JSON_API};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;

const LIST: &str = "/admin/api/asyncoperations";

/// An operation that nobody works off, on a server without workers.
fn waiting() -> (Organization, Sent) {
    let server = TestServer::lasting(&database::own(), "");
    let organization = Organization::on(server);
    let body = json!({ "data": super::groups(1) }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    (organization, sent)
}

/// What would change everything there is to change.
fn forged(sent: &Sent) -> Value {
    json!({
        "type": "asyncoperations",
        "id": sent.id,
        "attributes": {
            "entityType": "orders", "progress": 1, "elapsedTime": 7, "createdAt": "2001-01-01T00:00:00Z",
            "updatedAt": "2001-01-01T00:00:00Z", "summary": {"readCount": 7},
        },
        "relationships": {"owner": {"data": {"type": "users", "id": "1"}}},
    })
}

/// "asyncoperations: get, update": the collection has no method at all, and a single one is neither made nor deleted.
#[test]
fn operations_are_no_collection() {
    let (organization, sent) = waiting();
    let client = organization.client();
    let before = sent.now(client);
    let refused = |answer: Answer, allow: &str| assert_eq!(answer.expect(405).header("Allow"), allow);
    let list = json!({"data": [super::cancel::body(&sent)["data"]]});
    for mode in ["async", "sync"] {
        let shape = |request: reqwest::blocking::RequestBuilder| {
            request.header("Content-Type", JSON_API).header("X-Mode", mode).body(list.to_string())
        };
        assert_eq!(client.send(Method::PATCH, LIST, shape).expect(404).error()["code"], "not-accessible");
    }
    let overridden = client.send(Method::POST, LIST, |request| {
        request.header("X-HTTP-Method-Override", "PATCH").header("Content-Type", JSON_API).body(list.to_string())
    });
    overridden.expect(404);
    client.post(LIST, &json!({"data": forged(&sent)})).expect(404);
    client.delete(&format!("{LIST}?filter[id]={}", sent.id)).expect(404);
    client.get(LIST).expect(404);
    refused(client.delete(&sent.path), "OPTIONS, GET, PATCH");
    refused(client.post(&sent.path, &json!({"data": forged(&sent)})), "OPTIONS, GET, PATCH");
    for word in ["errors", "results", "failed"] {
        let below = format!("{}/{word}", sent.path);
        refused(client.patch(&below, &list), "OPTIONS, GET");
        refused(client.delete(&below), "OPTIONS, GET");
    }
    assert_eq!(sent.now(client)["attributes"]["status"], before["attributes"]["status"]);
}

/// An update changes the status alone, to cancelled; every other member is the server's own.
#[test]
fn an_update_changes_nothing_but_the_status() {
    let (organization, sent) = waiting();
    let client = organization.client();
    let shown = |operation: Value| {
        let mut operation = operation;
        operation["attributes"]["elapsedTime"] = Value::Null;
        operation
    };
    let before = shown(sent.now(client));
    client.patch(&sent.path, &json!({"data": forged(&sent)}));
    assert_eq!(shown(sent.now(client)), before);
    for (name, value) in [("endedAt", json!("2001-01-01T00:00:00Z")), ("chunks", json!(7)), ("request", json!({}))] {
        let body = json!({"data": {"type": "asyncoperations", "id": sent.id, "attributes": {name: value}}});
        client.patch(&sent.path, &body);
        assert_eq!(shown(sent.now(client)), before, "{name}");
    }
    for status in ["running", "success", "failed"] {
        let body = json!({"data": {"type": "asyncoperations", "id": sent.id, "attributes": {"status": status}}});
        client.patch(&sent.path, &body).expect(400);
    }
    let owner = json!({"data": {"type": "users", "id": organization.admin.id.to_string()}});
    for relation in ["owner", "organization"] {
        for method in [Method::PATCH, Method::POST, Method::DELETE] {
            let path = format!("{}/relationships/{relation}", sent.path);
            let shape = |request: reqwest::blocking::RequestBuilder| {
                request.header("Content-Type", JSON_API).body(owner.to_string())
            };
            let status = client.send(method, &path, shape).status;
            assert!(matches!(status, 404 | 405), "{path}: {status}");
        }
    }
    assert_eq!(shown(sent.now(client)), before);
}

/// Neither atomic operations nor included records do what the routes do not.
#[test]
fn no_other_document_changes_one() {
    let (organization, sent) = waiting();
    let client = organization.client();
    let before = sent.now(client);
    let named = json!({"type": "asyncoperations", "id": sent.id});
    let mut owner = named.clone();
    owner["relationship"] = json!("owner");
    let mut running = super::cancel::body(&sent)["data"].clone();
    running["attributes"]["status"] = json!("success");
    let user = json!({"type": "users", "id": organization.admin.id.to_string()});
    for operation in [
        json!({"op": "add", "data": {"type": "asyncoperations", "attributes": {"status": "cancelled"}}}),
        json!({"op": "remove", "ref": named}),
        json!({"op": "update", "ref": owner, "data": user}),
        json!({"op": "update", "data": running}),
    ] {
        let answer = operate(client, &json!({"atomic:operations": [operation]}));
        assert!((400..500).contains(&answer.status), "{operation}: {}", answer.text);
    }
    for (id, meta) in [("new", json!({})), (sent.id.as_str(), json!({"update": true})), ("x", json!({"upsert": true}))]
    {
        let mut included = running.clone();
        included["id"] = json!(id);
        included["meta"] = meta;
        let body = json!({
            "data": {"type": "customergroups", "attributes": {"name": unique("group")}},
            "included": [included],
        });
        let answer = client.post("/admin/api/customergroups", &body);
        assert!((400..500).contains(&answer.status), "{id}: {}", answer.text);
    }
    let status = |operation: &Value| operation["attributes"]["status"].clone();
    assert_eq!(status(&sent.now(client)), status(&before));
}

/// Who may see an operation of another may not cancel it without the right to edit it.
#[test]
fn another_ones_operation_is_not_cancelled_without_the_right() {
    let (organization, sent) = waiting();
    let levels = json!({"VIEW": "organization", "EDIT": "user"});
    let other = organization.user_who_may(&json!({"asyncoperations": levels})).client;
    other.get(&sent.path).expect(200);
    other.patch(&sent.path, &super::cancel::body(&sent)).expect(403);
    let operation = json!({"op": "update", "data": super::cancel::body(&sent)["data"]});
    operate(&other, &json!({"atomic:operations": [operation]})).expect(403);
    assert_eq!(sent.now(&other)["attributes"]["status"], "new");
}
