//! How much of the server the batches of a client and of an organization may take.

use std::sync::Barrier;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entrepot::engine::split::Format;
use serde_json::{Value, json};

use super::sealed::until;
use crate::support::batch::{Sent, patch, summary};
use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows;
use crate::support::server::TestServer;

/// A server without workers: what it accepts does not end.
fn server(url: &str, settings: &str) -> Organization {
    let settings = format!("[batch]\n{settings}");
    Organization::on(TestServer::lasting(url, &settings))
}

fn groups(client: &Client) -> Answer {
    let body = json!({ "data": super::groups(1) }).to_string();
    patch(client, "customergroups", Format::Json, &[], &body)
}

/// Text that hardly packs: of so many bytes, three quarters are left.
fn noise(count: usize) -> String {
    let bytes: Vec<u8> = (0..count * 3 / 4).map(|_| rand::random()).collect();
    STANDARD.encode(bytes)
}

/// A batch of one record with that much text in it, which is not valid.
fn large(client: &Client, count: usize) -> Answer {
    let record = json!({"type": "customergroups", "attributes": {"name": noise(count)}});
    patch(client, "customergroups", Format::Json, &[], &json!({ "data": [record] }).to_string())
}

#[track_caller]
fn refused(answer: Answer, limit: &str) -> Value {
    let seconds: u32 = answer.clone().expect(429).header("Retry-After").parse().unwrap();
    let error = answer.error();
    assert_eq!((&error["code"], seconds > 0), (&json!("quota-exceeded"), true));
    assert!(error["detail"].as_str().unwrap().contains(limit), "{error}");
    error
}

fn cancel(organization: &Organization, sent: &Sent) {
    organization.client().patch(&sent.path, &super::cancel::body(sent)).expect(200);
}

/// Operations that have not ended are counted, of each client apart; what is refused leaves nothing, and its Idempotency-Key
/// is still to be used.
#[test]
fn a_client_has_only_so_many_operations_under_way() {
    let organization = server(&database::own(), "client_operations = 2");
    let [first, _] = [(); 2].map(|()| Sent::of(&groups(organization.client())));
    let body = json!({ "data": super::groups(1) }).to_string();
    let third = || patch(organization.client(), "customergroups", Format::Json, &[("Idempotency-Key", "k")], &body);
    let error = refused(third(), "batch.client_operations");
    let text = format!(
        "With this one the client \"{}\" would have 3 operations that have not ended, and the limit is 2 \
         (batch.client_operations). Wait until some have ended, or cancel one.",
        organization.admin.client_id
    );
    assert_eq!(error["detail"], text);
    for table in ["batch_body", "async_operation"] {
        let sql = format!("SELECT count(*) AS id FROM {table} WHERE organization_id = $1");
        assert_eq!(rows::number(&organization, &sql), 2, "{table}");
    }
    let other = organization.user_who_may(&json!({"*": {"VIEW": "organization", "CREATE": "organization"}}));
    groups(&other.client).expect(202);
    cancel(&organization, &first);
    third().expect(202);
    refused(groups(organization.client()), "batch.client_operations");
}

#[test]
fn an_organization_has_only_so_many_operations_under_way() {
    let organization = server(&database::own(), "organization_operations = 2");
    let other = organization.user_who_may(&json!({"*": {"VIEW": "organization", "CREATE": "organization"}}));
    groups(organization.client()).expect(202);
    groups(&other.client).expect(202);
    for client in [organization.client(), &other.client] {
        refused(groups(client), "batch.organization_operations");
    }
    groups(Organization::on(organization.server).client()).expect(202);
}

/// Bytes are those of bodies that wait, and of records that failed.
#[test]
fn a_client_stores_only_so_much() {
    let url = database::own();
    let organization = server(&url, "client_bytes = 300000");
    let client = organization.client();
    let alone = large(client, 500_000).expect(413).error();
    assert!(alone["detail"].as_str().unwrap().contains("batch.client_bytes"), "{alone}");
    let first = Sent::of(&large(client, 200_000));
    refused(large(client, 200_000), "batch.client_bytes");
    groups(client).expect(202);

    let stored = || {
        let sql = "SELECT sum(stored_bytes)::bigint AS id FROM async_operation WHERE organization_id = $1";
        rows::number(&organization, sql)
    };
    assert!((150_000..200_000).contains(&stored()), "{}", stored());
    cancel(&organization, &first);
    let _worker = TestServer::start(&url, "[queue]\nworkers = 1");
    until(|| stored() == 0);
    let failing = Sent::of(&large(client, 200_000));
    assert_eq!(summary(&failing.ended(client)), [1, 0, 1, 0, 0]);
    until(|| stored() > 0);
    assert!(client.get(&format!("{}/failed", failing.path)).expect(200).text.len() > 200_000);
    let refusal = large(client, 200_000);
    assert_eq!(refusal.header("Retry-After"), "3600", "nothing is under way that could end");
    refused(refusal, "batch.client_bytes");
}

/// Of requests that come at once no more pass than there is room for.
#[test]
fn requests_that_come_at_once_do_not_pass_together() {
    let organization = server(&database::own(), "client_operations = 5\nclient_bytes = 3000000");
    let at_once = |count: usize, send: &(dyn Fn() -> Answer + Sync)| -> Vec<u16> {
        let barrier = Barrier::new(count);
        let one = || {
            barrier.wait();
            send().status
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    };
    let passed = |statuses: &[u16], status: u16| statuses.iter().filter(|other| **other == status).count();
    let statuses = at_once(12, &|| groups(organization.client()));
    assert_eq!((passed(&statuses, 202), passed(&statuses, 429)), (5, 7), "{statuses:?}");

    let organization = Organization::on(organization.server);
    // Each has pieces that come in while the others' do: they may all be in each other's way.
    let statuses = at_once(3, &|| large(organization.client(), 2_500_000));
    let accepted = passed(&statuses, 202);
    assert!(accepted <= 1 && passed(&statuses, 429) == 3 - accepted, "{statuses:?}");
    large(organization.client(), 2_500_000).expect(if accepted == 0 { 202 } else { 429 });
}
