use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread::scope;
use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use reqwest::Method;
use serde_json::json;

use super::{GROUPS, group, groups, is_replay, key, send};
use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::served::Served;
use crate::support::server::TestServer;

const AT_ONCE: usize = 20;

/// The answers to equal requests that are sent at once, each client in its turn.
fn at_once(clients: &[Client], key: &str, name: &str) -> Vec<Answer> {
    let start = Barrier::new(AT_ONCE);
    scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let (client, start) = (&clients[n % clients.len()], &start);
                scope.spawn(move || {
                    start.wait();
                    send(client, Method::POST, GROUPS, key, &group(name))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// One is done; each of the others is a replay of it, or 409.
#[track_caller]
fn done_once(answers: &[Answer]) {
    let first: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201 && !is_replay(answer)).collect();
    assert_eq!(first.len(), 1);
    for answer in answers {
        match answer.status {
            201 => assert_eq!(answer.text, first[0].text),
            _ => busy(answer),
        }
    }
}

#[track_caller]
fn busy(answer: &Answer) {
    assert_eq!(answer.clone().expect(409).error()["code"], "idempotency-key-in-use");
    assert!(answer.header("Retry-After").parse::<u32>().is_ok());
}

/// Equal requests at once: one effect, whoever comes first.
#[test]
fn equal_requests_at_once_are_one() {
    let organization = Organization::new();
    for _ in 0..3 {
        let (name, key) = (unique("Once"), key());
        done_once(&at_once(std::slice::from_ref(organization.client()), &key, &name));
        assert_eq!(groups(organization.client(), &name), 1);
        let again = send(organization.client(), Method::POST, GROUPS, &key, &group(&name)).expect(201);
        assert!(is_replay(&again));
    }
}

/// The same to two processes on one database.
#[test]
fn equal_requests_to_two_servers_are_one() {
    let url = database::own();
    let server = TestServer::lasting(&url, "[database]\npool_size = 2");
    let organization = Organization::on(server);
    let served = [Served::on(&url, &[]), Served::on(&url, &[])];
    let clients = served.each_ref().map(|served| organization.client().at(served.address));
    for _ in 0..3 {
        let (name, key) = (unique("Two"), key());
        done_once(&at_once(&clients, &key, &name));
        assert_eq!(groups(organization.client(), &name), 1);
        for client in &clients {
            assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
        }
    }
}

/// "The same key while the first still runs: 409 with `Retry-After`"; when it has ended, its answer.
#[test]
fn a_request_that_is_under_way_holds_its_key() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let client = organization.client();
    let id = client.post(GROUPS, &group(&unique("Held"))).expect(201).id();
    let (path, key) = (format!("{GROUPS}/{id}"), key());
    let body = json!({"data": {"type": "customergroups", "id": id, "attributes": {"name": unique("Changed")}}});
    let mut other = PgConnection::establish(&url).unwrap();
    other.batch_execute("BEGIN; SELECT FROM customer_group FOR UPDATE").unwrap();
    scope(|scope| {
        let first = scope.spawn(|| send(client, Method::PATCH, &path, &key, &body));
        let end = Instant::now() + Duration::from_secs(30);
        // Whether the first has come to the record is known to the database alone.
        let mut look = PgConnection::establish(&url).unwrap();
        while diesel::RunQueryDsl::execute(diesel::sql_query(super::crash::LOCKED), &mut look).unwrap() == 0 {
            assert!(Instant::now() < end, "nobody waits for the record");
            std::thread::yield_now();
        }
        let start = Instant::now();
        busy(&send(client, Method::PATCH, &path, &key, &body));
        assert!(start.elapsed() < Duration::from_secs(5), "it waited as long as anybody");
        other.batch_execute("COMMIT").unwrap();
        let first = first.join().unwrap().expect(200);
        assert!(!is_replay(&first));
        let second = send(client, Method::PATCH, &path, &key, &body).expect(200);
        assert!(is_replay(&second) && second.text == first.text);
    });
}

/// Requests with keys of their own do not wait for each other.
#[test]
fn other_keys_are_not_in_the_way() {
    let organization = Organization::new();
    let ids: BTreeSet<String> = scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let client = organization.client();
                scope
                    .spawn(move || send(client, Method::POST, GROUPS, &key(), &group(&unique("Many"))).expect(201).id())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), AT_ONCE);
}
