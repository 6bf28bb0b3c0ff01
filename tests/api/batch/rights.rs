//! With whose rights an operation runs: those that its sender has while it runs.

use entrepot::auth::clients;
use entrepot::engine::split::Format;
use serde_json::json;

use crate::support::batch::{patch, send, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows;
use crate::support::server::TestServer;

/// "Actions need: … create CREATE, update EDIT" (contract 23): with neither of them nothing of a batch can succeed, and it is
/// refused before its body is read.
#[test]
fn a_batch_on_what_the_sender_may_neither_create_nor_change_is_refused() {
    let organization = Organization::new();
    let own = json!({"VIEW": "user", "CREATE": "user"});
    let rights = json!({
        "asyncoperations": own, "customergroups": {"VIEW": "organization", "DELETE": "organization"},
        "inventorylevels": {"CREATE": "organization"},
    });
    let sender = organization.user_who_may(&rights);
    for mode in ["async", "sync"] {
        // Levels are not created by clients, so that the right to do it is none.
        for kind in ["customergroups", "inventorylevels"] {
            let refused = patch(&sender.client, kind, Format::Json, &[("X-Mode", mode)], "no JSON").expect(403).error();
            assert_eq!(refused["title"], "access denied exception", "{kind}");
            assert_eq!(refused["detail"], "No access to this type of entities.");
        }
    }
    let sql = "SELECT count(*) AS id FROM async_operation WHERE organization_id = $1";
    assert_eq!(rows::number(&organization, sql), 0);
}

/// "rights … as a single request": with one of the two rights a batch is accepted, and the records fail that the sender may
/// not write, each with its own error.
#[test]
fn records_fail_that_the_sender_may_not_create() {
    let organization = Organization::new();
    let own = json!({"VIEW": "user", "CREATE": "user"});
    let rights = json!({"asyncoperations": own, "customergroups": {"VIEW": "organization", "EDIT": "organization"}});
    let sender = organization.user_who_may(&rights);
    let body = json!({ "data": super::groups(2) }).to_string();
    let sent = send(&sender, "customergroups", Format::Json, &body);
    assert_eq!(summary(&sent.ended(&sender.client)), [2, 0, 2, 0, 0]);
    let error = sender.client.get(&format!("{}/errors", sent.path)).expect(200).json()["data"][0]["attributes"].clone();
    assert_eq!((&error["status"], &error["title"]), (&json!(403), &json!("access denied exception")));
}

/// A client that is revoked, or a user who is disabled, after the request: nothing of it is written, and the operation
/// says why.
#[test]
fn a_sender_who_is_not_good_any_more_stops_the_operation() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let everything = json!({"*": {"VIEW": "organization", "CREATE": "organization"}});
    let [revoked, disabled] = [organization.user_who_may(&everything), organization.user_who_may(&everything)];
    let body = json!({ "data": super::groups(2) }).to_string();
    let sent = [&revoked, &disabled].map(|user| send(user, "customergroups", Format::Json, &body));
    organization.write(|conn| clients::revoke(conn, &revoked.client_id));
    rows::execute(
        &organization,
        &format!("UPDATE app_user SET enabled = false WHERE organization_id = $1 AND id = {}", disabled.id),
    );
    let _worker = TestServer::start(&url, "[queue]\nworkers = 2");
    for sent in sent {
        let ended = sent.ended(organization.client());
        assert_eq!(ended["attributes"]["status"], "failed");
        assert_eq!(summary(&ended), [0, 0, 1, 0, 0]);
        let error = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
        let error = &error["data"][0]["attributes"];
        assert_eq!(error["title"], "async operation exception");
        assert!(error["detail"].as_str().unwrap().contains("was revoked, or its user was disabled"), "{error}");
    }
}

/// What was sent may hold passwords and what others may not view: "the failed records as they were sent" are for who has
/// sent them, while others who may view the operation see what was wrong.
#[test]
fn failed_records_go_back_to_their_sender_alone() {
    let organization = Organization::new();
    let sender = organization.user_who_may(&json!({
        "asyncoperations": {"VIEW": "user", "CREATE": "user"}, "customerusers": {"CREATE": "user"},
    }));
    let attributes = json!({"email": "none", "password": "Correct-Horse-7"});
    let body = json!({"data": [{"type": "customerusers", "attributes": attributes}]}).to_string();
    let sent = send(&sender, "customerusers", Format::Json, &body);
    sent.ended(&sender.client);
    let path = format!("{}/failed", sent.path);
    assert!(sender.client.get(&path).expect(200).text.contains("Correct-Horse-7"));
    for part in ["errors", "results"] {
        let seen = organization.client().get(&format!("{}/{part}", sent.path)).expect(200);
        assert!(!seen.text.contains("Correct-Horse-7"));
    }
    assert!(!organization.client().get(&path).expect(403).text.contains("Correct-Horse-7"));
}
