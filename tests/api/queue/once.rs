use entrepot::error::Error;
use entrepot::queue::{self, Once, Options};

use super::world::{Gated, Note, World, until};

fn waiting(key: &str) -> Options<'_> {
    Options { once: Once::WhileWaiting(key), ..Options::default() }
}

fn active(key: &str) -> Options<'_> {
    Options { once: Once::WhileActive(key), ..Options::default() }
}

/// "dedupe keys": while one waits, another of its key is not enqueued; another key, name or organization is none of it.
#[test]
fn a_job_whose_key_waits_is_not_enqueued_again() {
    let world = World::new(0);
    let first = world.note("first", &waiting("a"));
    assert!(first.new);
    let again = world.note("again", &waiting("a"));
    assert_eq!((again.id, again.new), (first.id, false));
    assert!(world.note("other key", &waiting("b")).new);
    assert!(world.enqueue(&Gated { text: "other name".to_owned() }, &waiting("a")).new);
    let other = world.write(|conn| {
        let note = Note { text: "organization".to_owned() };
        queue::enqueue(conn, Some(1), &note, &waiting("a"))
    });
    assert!(other.new);
}

/// The job that waits sees what the transaction has written that found it there: it does not start before the commit.
#[test]
fn a_job_found_waiting_starts_after_the_transaction_that_found_it() {
    let world = World::new(0);
    let first = world.note("first", &waiting("a"));
    let db = world.server.db.clone();
    let another = world.server.db.transaction_now::<_, Error>(|conn| {
        let found = queue::enqueue(conn, None, &Note { text: "second".to_owned() }, &waiting("a"))?;
        assert_eq!((found.id, found.new), (first.id, false));
        let another = world.another(2);
        let marker = Note { text: "marker".to_owned() };
        db.transaction_now::<_, Error>(|conn| queue::enqueue(conn, None, &marker, &Options::default()))?;
        until("workers are at work", || world.noted() == ["marker"]);
        Ok(another)
    });
    world.await_rest();
    assert_eq!(world.noted(), ["marker", "first"]);
    drop(another);
}

/// "unique jobs": while one waits or runs, another of its key is not enqueued; afterwards it is.
#[test]
fn a_unique_job_runs_once_at_a_time() {
    let world = World::new(2);
    let gated = |text: &str| Gated { text: text.to_owned() };
    let first = world.enqueue(&gated("first"), &active("only"));
    world.await_status(first.id, "running");
    let again = world.enqueue(&gated("again"), &active("only"));
    assert_eq!((again.id, again.new), (first.id, false));
    world.open_gate();
    world.await_rest();
    assert!(world.enqueue(&gated("later"), &active("only")).new);
    world.await_rest();
    assert_eq!(world.noted(), ["first", "later"]);
}
