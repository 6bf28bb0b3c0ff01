//! An operation is cancelled by setting its status.

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::{Sent, send, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// What cancels an operation.
pub fn body(sent: &Sent) -> Value {
    json!({"data": {"type": "asyncoperations", "id": sent.id, "attributes": {"status": "cancelled"}}})
}

/// "an operation can be cancelled": nothing of it is written afterwards. On a server without workers nothing runs before.
#[test]
fn a_cancelled_operation_writes_nothing_more() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let client = organization.client();
    let request = json!({ "data": super::groups(10) }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &request);
    let before = sent.now(client);
    assert_eq!((&before["attributes"]["status"], &before["attributes"]["summary"]), (&json!("new"), &Value::Null));
    assert!(before["attributes"]["elapsedTime"].is_u64(), "{before}");
    let answer = client.patch(&sent.path, &body(&sent)).expect(200).json();
    assert_eq!(answer["data"]["attributes"]["status"], "cancelled");
    assert_eq!(summary(&answer["data"]), [0; 5]);

    let second = send(&organization.admin, "customergroups", Format::Json, &request);
    let _worker = TestServer::start(&url, "[queue]\nworkers = 2");
    second.ended(client);
    assert_eq!(sent.now(client)["attributes"], answer["data"]["attributes"], "it stays as it was");
    let list = client.get(&format!("{}/results", sent.path)).expect(200).json();
    assert_eq!(list["data"], json!([]));
}

/// What has ended cannot be cancelled, and nothing but cancelling can be done to an operation.
#[test]
fn only_an_operation_that_has_not_ended_is_cancelled() {
    let organization = Organization::new();
    let client = organization.client();
    let request = json!({ "data": super::groups(1) }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &request);
    sent.ended(client);
    let error = client.patch(&sent.path, &body(&sent)).expect(409).error();
    assert_eq!(error["detail"], "The operation has ended already: its status is \"success\".");
    assert_eq!(error["source"]["pointer"], "/data/attributes/status");
    let mut running = body(&sent);
    running["data"]["attributes"]["status"] = json!("running");
    let error = client.patch(&sent.path, &running).expect(400).error();
    assert_eq!(error["detail"], "The only status that can be set is \"cancelled\".");
}
