use std::time::Duration;

use entrepot::error::Error;
use entrepot::queue::{self, Options, Priority};

use super::world::{GroupedNote, Note, World, until};

/// "jobs in Postgres … enqueued in the caller's transaction".
#[test]
fn a_job_runs_after_the_commit_and_only_then() {
    let world = World::new(2);
    let failed: Result<(), Error> = world.server.db.transaction_now(|conn| {
        queue::enqueue(conn, None, &Note { text: "rolled back".to_owned() }, &Options::default())?;
        Err(Error::not_found())
    });
    assert!(failed.is_err());
    world.note("committed", &Options::default());
    world.await_rest();
    assert_eq!(world.noted(), ["committed"]);
    assert_eq!(world.count("true"), 0, "a job that is done leaves no row");
}

/// Contract 28: "Priorities 0 very low, 1 low, 2 normal (default), 3 high, 4 very high. DBAL order: `priority DESC, id ASC`."
#[test]
fn the_most_urgent_go_first_and_then_the_oldest() {
    let world = World::new(0);
    for (text, priority) in [
        ("first", Priority::Normal),
        ("very low", Priority::VeryLow),
        ("second", Priority::Normal),
        ("very high", Priority::VeryHigh),
        ("low", Priority::Low),
        ("high", Priority::High),
    ] {
        world.note(text, &Options { priority, ..Options::default() });
    }
    let _one = world.another(1);
    world.await_rest();
    assert_eq!(world.noted(), ["very high", "high", "first", "second", "low", "very low"]);
}

/// "priorities, delays".
#[test]
fn a_delayed_job_waits_for_its_time() {
    let world = World::new(2);
    let hour = Options { delay: Duration::from_secs(3600), ..Options::default() };
    let late = world.note("late", &hour).id;
    world.note("soon", &Options { delay: Duration::from_millis(300), ..Options::default() });
    until("the short delay is over", || world.noted() == ["soon"]);
    assert_eq!(world.status(late), "new");
    world.sql("UPDATE job SET delayed_until = now() + interval '100 milliseconds'");
    world.await_rest();
    assert_eq!(world.noted(), ["soon", "late"]);
}

/// "Jobs are claimed and completed in groups": all of them are done, once, and a bad one takes no other with it.
#[test]
fn jobs_in_groups_are_done_once_each_and_a_bad_one_fails_alone() {
    let world = World::new(4);
    let texts: Vec<String> =
        (0..500).map(|n| if n % 100 == 50 { format!("bad {n}") } else { format!("good {n}") }).collect();
    let jobs: Vec<GroupedNote> = texts.iter().map(|text| GroupedNote { text: text.clone() }).collect();
    world.write(|conn| queue::enqueue_all(conn, None, &jobs, &Options::default()));
    world.await_rest();
    let mut noted = world.noted();
    noted.sort();
    let mut good: Vec<&String> = texts.iter().filter(|text| text.starts_with("good")).collect();
    good.sort();
    assert_eq!(noted.iter().collect::<Vec<_>>(), good);
    assert_eq!((world.count("status = 'failed'"), world.count("true")), (5, 5));
}

/// A process that knows a kind of job not yet, or no more, leaves it to others.
#[test]
fn a_job_that_a_process_does_not_know_is_left_alone() {
    let world = World::new(2);
    world.sql("INSERT INTO job (queue, name, payload, max_attempts) VALUES ('default', 'of-tomorrow', '{}', 1)");
    world.note("known", &Options::default());
    until("the known job is done", || world.noted() == ["known"]);
    assert_eq!(world.count("status = 'new' AND name = 'of-tomorrow'"), 1);
}
