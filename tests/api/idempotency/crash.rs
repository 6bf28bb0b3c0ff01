//! Between the effect and its answer. Postgres is told to wait in COMMIT for a standby that does not exist: then the
//! commit is on disk, and nobody has heard of it.

use std::thread::scope;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;
use nix::sys::signal::Signal;
use reqwest::Method;

use super::{GROUPS, changes, group, groups, is_replay, key, send};
use crate::support::client::{Answer, JSON_API};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::served::Served;
use crate::support::server::TestServer;

/// Whether a session of this database waits for another.
pub const LOCKED: &str = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// No worker and no service of the server commits anything.
const QUIET: &[(&str, &str)] = &[("ENTREPOT_QUEUE_WORKERS", "0")];

struct Postgres {
    superuser: PgConnection,
    url: String,
}

const HELD: &str = "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
const END_HELD: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

impl Postgres {
    fn open(url: String) -> Postgres {
        Postgres { superuser: PgConnection::establish(&url).unwrap(), url }
    }

    /// Lets every COMMIT wait, or none.
    fn hold_commits(&mut self, hold: bool) {
        let standby = if hold { "nobody" } else { "" };
        self.superuser.batch_execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{standby}'")).unwrap();
        self.superuser.batch_execute("SELECT pg_reload_conf()").unwrap();
        while hold && !self.holds() {}
    }

    /// Whether a commit waits already: a setting takes its time to arrive.
    fn holds(&mut self) -> bool {
        let url = self.url.clone();
        let probe = std::thread::spawn(move || {
            let mut conn = PgConnection::establish(&url).unwrap();
            // Ends with an error where it has waited.
            let _ = conn.batch_execute("SELECT pg_logical_emit_message(true, 'probe', '')");
        });
        while !probe.is_finished() {
            if diesel::sql_query(HELD).execute(&mut self.superuser).unwrap() > 0 {
                self.superuser.batch_execute(END_HELD).unwrap();
                probe.join().unwrap();
                return true;
            }
        }
        false
    }

    /// Waits until a session has committed on disk and waits for the standby.
    fn wait_for_commit(&mut self) {
        self.wait(HELD);
    }

    fn wait(&mut self, query: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while diesel::sql_query(query).execute(&mut self.superuser).unwrap() == 0 {
            assert!(Instant::now() < end, "{query}: nothing");
            std::thread::yield_now();
        }
    }
}

/// The client never got the answer; it repeats its request after the restart: one effect, and the stored answer. The
/// same when only the connection to the database was lost in COMMIT: 503 `outcome-unknown` "saying to repeat with the
/// same Idempotency-Key".
#[test]
fn an_answer_that_was_lost_is_given_later() {
    let folder = database::folder("between");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Durable).unwrap();
    migrate(&private.url()).unwrap();
    let server = TestServer::lasting(&private.url(), "");
    let organization = Organization::on(server);
    let mut postgres = Postgres::open(private.url_of("entrepot", "postgres"));

    // kill -9 of the server, which commits nothing but what it is asked to.
    let served = Served::on(&private.url(), QUIET);
    let client = organization.client().at(served.address);
    client.get(GROUPS).expect(200);
    let (name, key) = (unique("Between"), key());
    postgres.hold_commits(true);
    let body = group(&name).to_string();
    scope(|scope| {
        let lost = scope.spawn(|| {
            client.try_send(Method::POST, GROUPS, |request| {
                request.header("Idempotency-Key", &key).header("Content-Type", JSON_API).body(body.clone())
            })
        });
        postgres.wait_for_commit();
        served.signal(Signal::SIGKILL);
        assert!(lost.join().unwrap().is_err(), "the client has an answer");
    });
    served.kill();
    postgres.hold_commits(false);
    let again = Served::on(&private.url(), QUIET);
    let client = organization.client().at(again.address);
    let before = changes(&organization);
    let answer = send(&client, Method::POST, GROUPS, &key, &group(&name)).expect(201);
    assert!(is_replay(&answer));
    assert_eq!((groups(&client, &name), changes(&organization)), (1, before));
    let there = client.get(&format!("{GROUPS}/{}", answer.id())).expect(200);
    let version = |answer: &Answer| answer.header("ETag").split('-').next().unwrap().to_owned();
    assert_eq!(version(&there), version(&answer));

    // The connection dies in COMMIT.
    let (name, key) = (unique("Unknown"), super::key());
    postgres.hold_commits(true);
    scope(|scope| {
        let unknown = scope.spawn(|| send(&client, Method::POST, GROUPS, &key, &group(&name)));
        postgres.wait_for_commit();
        postgres.superuser.batch_execute(END_HELD).unwrap();
        let error = unknown.join().unwrap().expect(503).error();
        assert_eq!(error["code"], "outcome-unknown");
        assert!(error["detail"].as_str().unwrap().contains("the same key"), "{error}");
    });
    postgres.hold_commits(false);
    assert!(is_replay(&send(&client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
    assert_eq!(groups(&client, &name), 1);
}

/// A server that is killed before the effect is committed has done nothing, and its key is free.
#[test]
fn a_request_that_was_killed_before_its_commit_is_done_when_it_is_repeated() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let id = organization.client().post(GROUPS, &group(&unique("Old"))).expect(201).id();
    let (path, key, name) = (format!("{GROUPS}/{id}"), key(), unique("New"));
    let body = serde_json::json!({"data": {"type": "customergroups", "id": id, "attributes": {"name": name}}});
    let served = Served::on(&url, &[]);
    let client = organization.client().at(served.address);
    client.get(GROUPS).expect(200);
    let mut postgres = Postgres::open(url.clone());
    let mut other = PgConnection::establish(&url).unwrap();
    other.batch_execute("BEGIN; SELECT FROM customer_group FOR UPDATE").unwrap();
    scope(|scope| {
        let lost = scope.spawn(|| {
            client.try_send(Method::PATCH, &path, |request| {
                request.header("Idempotency-Key", &key).header("Content-Type", JSON_API).body(body.to_string())
            })
        });
        postgres.wait(LOCKED);
        served.signal(Signal::SIGKILL);
        assert!(lost.join().unwrap().is_err());
    });
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(groups(organization.client(), &name), 0);
    let end = Instant::now() + Duration::from_secs(30);
    // Postgres notices a moment later that the dead one's session is over.
    let done = loop {
        let answer = send(organization.client(), Method::PATCH, &path, &key, &body);
        if answer.status != 409 {
            break answer.expect(200);
        }
        assert!(Instant::now() < end, "the key of the dead is never free");
    };
    assert!(!is_replay(&done));
    assert_eq!(groups(organization.client(), &name), 1);
}
