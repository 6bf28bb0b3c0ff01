use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::jobs::probe::ProbeAlone;
use entrepot::queue::Options;
use nix::sys::signal::Signal;

use crate::queue::world::{World, until};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;
use crate::support::working::{Working, run};

const LEASE: &[(&str, &str)] = &[("ENTREPOT_QUEUE_LEASE", "600"), ("ENTREPOT_HTTP_SHUTDOWN_TIMEOUT", "1")];

/// "running jobs are finished, for `http.shutdown_timeout` at most": then it is another worker's turn, at once.
#[test]
fn a_job_that_never_ends_does_not_hold_up_a_stop() {
    let world = World::new(0);
    let worker = Working::on(&world.url, &["--queues", "probe", "--concurrency", "1"], LEASE);
    let id = world.enqueue(&ProbeAlone { batch: 1, number: 1, pause: 3_600_000 }, &Options::default()).id;
    world.await_status(id, "running");
    let start = Instant::now();
    worker.signal(Signal::SIGTERM);
    assert!(worker.wait().success());
    assert!(start.elapsed() < Duration::from_secs(20), "the stop took {:?}", start.elapsed());
    assert_eq!(world.count("queue = 'probe' AND status = 'new' AND attempts = 0"), 1, "as if it had not been started");
    world.sql("UPDATE job SET payload = payload || '{\"pause\": 0}' WHERE queue = 'probe'");
    let _second = Working::on(&world.url, &["--queues", "probe", "--concurrency", "1"], &[]);
    until("another worker has done it", || world.status(id) == "gone");
}

/// The job hangs in its effects: nobody can give it back while they are not rolled back, and then it is free at once, not
/// after a lease of ten minutes.
#[test]
fn a_completion_that_never_ends_does_not_hold_up_a_stop() {
    let world = World::new(0);
    let worker = Working::on(&world.url, &["--queues", "probe", "--concurrency", "1"], LEASE);
    let id = world.enqueue(&ProbeAlone { batch: 1, number: 1, pause: 2_000 }, &Options::default()).id;
    world.await_status(id, "running");
    let mut lock = PgConnection::establish(&world.url).unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE job_probe IN ACCESS EXCLUSIVE MODE").unwrap();
    until("its completion is under way", || {
        world.count(&format!("id = {id} AND id IN (SELECT id FROM job FOR UPDATE SKIP LOCKED)")) == 0
    });
    let start = Instant::now();
    worker.signal(Signal::SIGTERM);
    assert!(worker.wait().success());
    assert!(start.elapsed() < Duration::from_secs(20), "the stop took {:?}", start.elapsed());
    assert_eq!(world.count("EXISTS (SELECT FROM job_worker)"), 0, "the process has left the queue");
    lock.batch_execute("ROLLBACK").unwrap();
    let _second = Working::on(&world.url, &["--queues", "probe", "--concurrency", "1"], &[]);
    until("another worker has done it", || world.status(id) == "gone");
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Requests that hang take every connection that is theirs, and none that jobs need.
#[test]
fn a_pool_that_requests_have_drained_does_not_hold_up_jobs() {
    let url = database::own();
    let settings = "[queue]\nworkers = 1\n[database]\npool_size = 2\nlock_timeout = 60\nstatement_timeout = 60";
    let organization = Organization::on(TestServer::lasting(&url, settings));
    let client = organization.client();
    client.get("/admin/api/brands").expect(200);
    let mut lock = PgConnection::establish(&url).unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE brand IN ACCESS EXCLUSIVE MODE").unwrap();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..6).map(|_| scope.spawn(|| client.get("/admin/api/brands").status)).collect();
        until("requests hang on all of their connections", || {
            let query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'brand'::regclass";
            diesel::sql_query(query).get_result::<Waiting>(&mut lock).unwrap().count == 2
        });
        let told = run(&url, &["queue", "probe", "--jobs", "200", "--single", "5"]).unwrap();
        assert!(told.contains("200 jobs, in groups"), "{told}");
        lock.batch_execute("COMMIT").unwrap();
        waiting.into_iter().for_each(|waiting| drop(waiting.join()));
    });
}
