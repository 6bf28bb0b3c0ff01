//! A server that stops while readers wait: none of them holds it up, and none of them loses anything.

use std::time::{Duration, Instant};

use serde_json::json;

use super::events::{Stream, token_of};
use super::{Reader, told};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::served::Served;
use crate::support::server::TestServer;

/// "long polls answered at once with an empty page, SSE streams closed cleanly, the process ends in time; a client resumes
/// at the next server without loss"
#[test]
fn readers_go_on_at_the_next_server() {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, "[database]\npool_size = 2"));
    let token = token_of(&organization, &organization.admin);
    let [first, second] = [(); 2].map(|()| Served::on(&url, &[]));
    let client = |served: &Served| organization.client().at(served.address);
    let mut poller = Reader::from_now(&client(&first));
    let cursor = poller.cursor.clone();
    let mut stream = Stream::open(first.address, &token, "", None);
    let begun = stream.next().unwrap().id;
    assert_eq!(begun, cursor);
    poller.query = "&wait=60".to_owned();
    let polling = std::thread::spawn(move || (poller.read(), Instant::now()));
    let end = Instant::now() + super::PATIENCE;
    while first.metric("entrepot_changes_waiting") < 2 {
        assert!(Instant::now() < end, "nobody waits");
        std::thread::yield_now();
    }
    let start = Instant::now();
    assert!(first.terminate().success());
    assert!(start.elapsed() < Duration::from_secs(15), "the readers held the server up: {:?}", start.elapsed());
    let (page, answered) = polling.join().unwrap();
    assert_eq!(page["data"], json!([]));
    assert!(answered < start + Duration::from_secs(15), "not at once");
    // A stream that were torn would be an error of the transport.
    assert!(stream.next().is_none());
    let body = json!({"data": {"type": "customergroups", "attributes": {"name": unique("Group")}}});
    let group = client(&second).post("/admin/api/customergroups", &body).expect(201).id();
    let expected = format!("created customergroups {group}");
    let next = page["meta"]["page"]["cursor"].as_str().unwrap().to_owned();
    let mut poller = Reader { cursor: next, ..Reader::from_now(&client(&second)) };
    assert_eq!(poller.until(1), std::slice::from_ref(&expected));
    let mut stream = Stream::open(second.address, &token, "", Some(&begun));
    assert_eq!(told(&stream.change().1["data"]), expected);
}

/// A stream with a long way to go stops amid it, and goes on at the next server where it stopped.
#[test]
fn a_stream_amid_a_backlog_does_not_hold_the_stop_up() {
    const ROWS: u32 = 200_000;
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, "[database]\npool_size = 2"));
    super::bounded::fill(&organization, ROWS, "customergroups");
    let token = token_of(&organization, &organization.admin);
    let [first, second] = [(); 2].map(|()| Served::on(&url, &[("ENTREPOT_HTTP_SHUTDOWN_TIMEOUT", "120")]));
    let mut stream = Stream::open(first.address, &token, "page[after]=", None);
    stream.change();
    first.signal(nix::sys::signal::Signal::SIGTERM);
    let (mut last, mut count) = (String::new(), 1);
    while let Some(event) = stream.next() {
        (last, count) = (event.id, count + 1);
    }
    assert!(count < ROWS, "it was told everything before the stop");
    assert!(first.terminate().success());
    let (_, next) = Stream::open(second.address, &token, "", Some(&last)).change();
    assert_eq!(next["data"]["id"], (count + 1).to_string());
}
