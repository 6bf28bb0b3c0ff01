use entrepot::queue::Options;

use super::world::{SucceedAt, World, until};

/// "retries with back-off and jitter, a limit of attempts": a panic is a failure, too.
#[test]
fn a_job_that_fails_is_tried_again() {
    let world = World::new(2);
    let id = world.enqueue(&SucceedAt { attempt: 3 }, &Options::default()).id;
    until("the first attempt has failed", || world.status(id) == "failed_redelivered");
    let error = world.progress(id).unwrap().last_error.unwrap();
    assert_eq!(error, "The job panicked: the first attempt");
    assert_eq!(world.count("delayed_until > now() AND delayed_until < now() + interval '1 second'"), 1);
    world.await_rest();
    assert_eq!(world.noted(), ["attempt 1", "attempt 2", "attempt 3"]);
    assert_eq!(world.count("true"), 0);
}

/// "dead letters that can be listed, inspected": after the last attempt the row stays, with the last error.
#[test]
fn a_job_that_fails_at_its_last_attempt_is_a_dead_letter() {
    let world = World::new(2);
    let id = world.enqueue(&SucceedAt { attempt: 4 }, &Options::default()).id;
    world.await_status(id, "failed");
    assert_eq!(world.progress(id).unwrap().last_error.unwrap(), "attempt 3 failed");
    assert_eq!(world.noted().len(), 3);
}

/// A payload that cannot be read will not be better the next time.
#[test]
fn a_job_with_a_payload_of_another_form_is_a_dead_letter_at_once() {
    let world = World::new(2);
    world.sql("INSERT INTO job (queue, name, payload, max_attempts) VALUES ('default', 'note', '{\"words\": 1}', 10)");
    until("it has failed", || world.count("status = 'failed' AND attempts = 1") == 1);
    assert_eq!(world.count("last_error LIKE 'The payload is none of a note job: %missing field%'"), 1);
}
