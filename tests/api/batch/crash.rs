//! Workers that die in the middle, and several of them at once.

use std::time::{Duration, Instant};

use entrepot::engine::split::Format;
use serde_json::json;

use crate::support::batch::{send, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows;
use crate::support::served::Served;
use crate::support::server::TestServer;

const RECORDS: usize = 6_000;

/// "it resumes after a crash at the first chunk that did not commit": worker processes that are killed again and again
/// neither lose a record nor write one twice.
#[test]
fn killed_workers_lose_nothing_and_double_nothing() {
    let url = database::own();
    let server = TestServer::lasting(&url, "[batch]\nchunk_size = 50");
    let organization = Organization::on(server);
    let client = organization.client();
    let body = json!({ "data": super::groups(RECORDS) }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    let variables =
        [("ENTREPOT_QUEUE_WORKERS", "2"), ("ENTREPOT_QUEUE_LEASE", "3"), ("ENTREPOT_BATCH_CHUNK_SIZE", "50")];
    let end = Instant::now() + Duration::from_secs(120);
    let (mut seen, mut kills) = (0.0, 0);
    while sent.now(client)["attributes"]["summary"].is_null() {
        let worker = Served::on(&url, &variables);
        loop {
            let now = sent.now(client);
            let progress = now["attributes"]["progress"].as_f64().unwrap_or_default();
            if kills < 3 && (progress > seen + 0.1 && progress < 1.0) {
                seen = progress;
                kills += 1;
                break;
            }
            if !now["attributes"]["summary"].is_null() {
                break;
            }
            assert!(Instant::now() < end, "the operation does not go on: {now}");
            std::thread::sleep(Duration::from_millis(5));
        }
        worker.kill();
    }
    assert_eq!(kills, 3, "it was killed in the middle");
    let all = RECORDS as i64;
    assert_eq!(summary(&sent.now(client)), [all, all, 0, all, 0]);
    assert_eq!(count(&organization), all);
}

/// Two processes share the chunks of one operation; its counts are right.
#[test]
fn several_processes_share_an_operation() {
    let url = database::own();
    let settings = "[queue]\nworkers = 2\n[batch]\nchunk_size = 20";
    let server = TestServer::lasting(&url, settings);
    let _other = TestServer::start(&url, settings);
    let organization = Organization::on(server);
    let mut data = super::groups(2_000);
    for place in (0..2_000).step_by(100) {
        data[place]["attributes"]["name"] = json!("");
    }
    let body = json!({ "data": data }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    assert_eq!(summary(&sent.ended(organization.client())), [2_000, 1_980, 20, 1_980, 0]);
    assert_eq!(count(&organization), 1_980);
}

/// The groups that batches have made.
fn count(organization: &Organization) -> i64 {
    let sql = "SELECT count(*) AS id FROM customer_group WHERE organization_id = $1 AND name LIKE 'group-%'";
    rows::number(organization, sql)
}
