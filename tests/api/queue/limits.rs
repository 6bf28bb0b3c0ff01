//! Limits of `entrepot worker` (contract 28: "`oro:message-queue:consume` with limits on messages, memory, time").

use std::time::{Duration, Instant};

use entrepot::jobs::probe::{Probe, ProbeAlone};
use entrepot::queue::{self, Options};

use super::world::{World, until};
use crate::support::working::{Working, run};

fn send(world: &World, together: i32, alone: i32, pause: u64) {
    world.write(|conn| {
        let jobs: Vec<Probe> = (0..together).map(|number| Probe { batch: 1, number }).collect();
        queue::enqueue_all(conn, None, &jobs, &Options::default())?;
        let jobs: Vec<ProbeAlone> = (0..alone).map(|number| ProbeAlone { batch: 2, number, pause }).collect();
        queue::enqueue_all(conn, None, &jobs, &Options::default())
    });
}

/// Exactly so many jobs are run, whether in groups or alone, by however many threads; then the process ends well, so that
/// its supervisor starts another one.
#[test]
fn a_worker_ends_when_it_has_run_its_jobs() {
    let world = World::new(0);
    send(&world, 500, 20, 20);
    let arguments = ["--queues", "probe", "--concurrency", "3", "--message-limit", "203"];
    for left in [520 - 203, 520 - 406] {
        let worker = Working::on(&world.url, &arguments, &[]);
        assert!(worker.wait().success());
        assert_eq!(world.count("queue = 'probe'"), left);
    }
    assert_eq!(world.count("queue = 'probe' AND (status <> 'new' OR attempts > 0)"), 0, "none is left half way");
    assert_eq!(world.count("EXISTS (SELECT FROM job_worker)"), 0, "the process has left the queue");
}

/// What runs is finished first, however long it takes: nobody waits for the process.
#[test]
fn a_worker_ends_when_its_time_is_over() {
    let world = World::new(0);
    let variables = [("ENTREPOT_HTTP_SHUTDOWN_TIMEOUT", "1")];
    let arguments = ["--queues", "probe", "--concurrency", "1", "--time-limit", "4 seconds"];
    let start = Instant::now();
    let worker = Working::on(&world.url, &arguments, &variables);
    send(&world, 0, 1, 8_000);
    until("it runs", || world.count("queue = 'probe' AND status = 'running'") == 1);
    assert!(worker.wait().success());
    assert!(start.elapsed() > Duration::from_secs(8));
    assert_eq!(world.count("queue = 'probe'"), 0, "the job was finished");
}

#[test]
fn a_worker_ends_when_its_memory_is_full() {
    let world = World::new(0);
    let worker = Working::on(&world.url, &["--queues", "probe", "--memory-limit", "1"], &[]);
    assert!(worker.wait().success());
    let patient = Working::on(&world.url, &["--queues", "probe", "--memory-limit", "4000", "--time-limit", "1h"], &[]);
    send(&world, 50, 0, 0);
    until("it works on", || world.count("queue = 'probe'") == 0);
    patient.terminate();
    assert!(patient.wait().success());
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let url = World::new(0).url;
    for (limit, value, reason) in [
        ("--message-limit", "0", "0 is not in 1.."),
        ("--memory-limit", "much", "invalid digit"),
        ("--time-limit", "5 fortnights", "\"5 fortnights\" is no time: write \"90 seconds\""),
    ] {
        let refused = run(&url, &["worker", limit, value]).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}
