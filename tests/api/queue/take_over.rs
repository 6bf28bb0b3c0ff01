use entrepot::queue::{self, Options};

use super::world::{Gated, Slow, World, until};

/// "a lease with heartbeat, so that a killed worker's job is taken over (at-least-once; effects are idempotent through the
/// transaction that also completes the job)": the first worker was not dead, only silent; what it does is rolled back.
#[test]
fn a_job_that_was_taken_over_is_completed_by_its_new_worker_alone() {
    let world = World::new(1);
    world.sql("UPDATE job_worker SET leased_until = now()");
    let id = world.enqueue(&Slow { text: "slow".to_owned() }, &Options::default()).id;
    world.await_status(id, "running");
    // The first worker waits for the gate; its process is taken for dead by the second.
    world.sql("UPDATE job SET stale_after = NULL; UPDATE job_worker SET leased_until = now()");
    let _second = world.another(1);
    until("the second worker has done it", || world.noted() == ["slow"]);
    assert_eq!(world.status(id), "gone");
    world.open_gate();
    // The first worker is free again when it has met the loss.
    world.note("next", &Options::default());
    world.await_rest();
    until("the next job is done", || world.noted() == ["slow", "next"]);
}

/// A job that is being completed is not taken over any more, whatever becomes of the lease.
#[test]
fn a_job_whose_completion_is_under_way_stays_with_its_worker() {
    let world = World::new(1);
    let id = world.enqueue(&Gated { text: "gated".to_owned() }, &Options::default()).id;
    world.await_status(id, "running");
    until("its completion is under way", || world.count("id IN (SELECT id FROM job FOR UPDATE SKIP LOCKED)") == 0);
    world.sql("UPDATE job_worker SET leased_until = now() - interval '1 minute'");
    let _second = world.another(1);
    until("the second process has looked", || world.count("EXISTS (SELECT FROM job_worker HAVING count(*) > 1)") == 1);
    world.note("marker", &Options::default());
    until("the second process works", || world.noted() == ["marker"]);
    assert_eq!(world.count(&format!("id = {id} AND attempts = 1")), 1);
    world.open_gate();
    world.await_rest();
    assert_eq!(world.noted().len(), 2);
}

/// Graceful stop: "finishes running jobs, gives the others back".
#[test]
fn a_stop_finishes_what_runs() {
    let world = World::new(0);
    let server = world.another(1);
    let id = world.enqueue(&Gated { text: "running".to_owned() }, &Options::default()).id;
    world.await_status(id, "running");
    world.note("waiting", &Options::default());
    server.begin_stop();
    world.open_gate();
    server.wait().unwrap();
    assert_eq!(world.noted(), ["running"]);
    assert_eq!((world.count("status = 'new'"), world.count("true")), (1, 1));
    let left = "EXISTS (SELECT FROM job_worker)";
    assert_eq!(world.count(left), 0, "the process has left the queue");
}

/// "Root jobs may be declared stale after a time (`time_before_stale`)" (contract 28).
#[test]
fn a_job_that_takes_too_long_is_stale_and_its_effects_are_rolled_back() {
    let world = World::new(1);
    let id = world.enqueue(&Slow { text: "slow".to_owned() }, &Options::default()).id;
    world.await_status(id, "stale");
    world.open_gate();
    world.note("next", &Options::default());
    until("the worker goes on", || world.noted() == ["next"]);
    assert_eq!(world.status(id), "stale");
    assert!(!world.write(|conn| Ok(queue::cancel(conn, id)?)), "what has ended cannot be cancelled");
}
