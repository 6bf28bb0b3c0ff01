use std::time::{Duration, Instant};

use entrepot::queue::{Once, Options};

use crate::queue::world::World;
use crate::support::working::run;

const MANY: i64 = 100_000;

/// "dead letters that can be listed, inspected and replayed": however many there are, children of roots among them.
#[test]
fn a_hundred_thousand_dead_letters_are_listed_and_retried_in_seconds() {
    let world = World::new(0);
    world.sql(&format!(
        "INSERT INTO job (id, queue, name, payload, max_attempts, attempts, status, last_error, ended_at, kept, children,
                          children_failed)
         SELECT n, 'default', 'root', '{{}}', 1, 1, 'failed', NULL, now(), true, 5, 5
         FROM generate_series(1, {MANY} / 10) AS n;
         INSERT INTO job (id, queue, name, payload, max_attempts, attempts, status, last_error, ended_at, kept, root_id)
         SELECT 1000000 + n, 'default', 'of-tomorrow', '{{}}', 10, 10, 'failed', 'It is broken.', now(), n <= {MANY} / 2,
                CASE WHEN n <= {MANY} / 2 THEN 1 + n % ({MANY} / 10) END
         FROM generate_series(1, {MANY}) AS n"
    ));
    let start = Instant::now();
    let listed = run(&world.url, &["queue", "dead"]).unwrap();
    assert_eq!(listed.lines().count(), 50);
    let all = run(&world.url, &["queue", "dead", "--limit", "1000000", "--json"]).unwrap();
    assert_eq!(all.lines().count() as i64, MANY);
    assert!(run(&world.url, &["queue", "stats"]).unwrap().contains("100000"));
    let told = run(&world.url, &["queue", "retry", "--all"]).unwrap();
    assert_eq!(told, "100000 dead letters start again.\n");
    assert!(start.elapsed() < Duration::from_secs(60), "that took {:?}", start.elapsed());
    assert_eq!(world.count("status = 'new' AND attempts = 0 AND last_error IS NULL"), MANY);
    let running =
        "name = 'root' AND status = 'running' AND ended_at IS NULL AND children_left = 5 AND children_failed = 0";
    assert_eq!(world.count(running), MANY / 10);
}

/// A job that comes again and again and dies each time leaves dead letters of one key, of which one at a time may run.
#[test]
fn dead_letters_of_one_key_do_not_hinder_each_other() {
    let world = World::new(1);
    let only = Options { once: Once::WhileActive("only"), ..Options::default() };
    for text in ["bad first", "bad second", "bad third"] {
        let id = world.note(text, &only).id;
        world.await_status(id, "failed");
    }
    let other = world.note("bad without a key", &Options::default()).id;
    world.await_status(other, "failed");
    world.sql("UPDATE job SET payload = jsonb_build_object('text', 'mended ' || id)");
    assert_eq!(run(&world.url, &["queue", "retry", "--all"]).unwrap(), "2 dead letters start again.\n");
    world.await_rest();
    assert_eq!((world.noted().len(), world.count("status = 'failed'")), (2, 2));
    assert_eq!(world.count("last_error = 'bad third is bad.'"), 0, "the last one was started");
}
