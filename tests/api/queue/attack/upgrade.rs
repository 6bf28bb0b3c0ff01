use entrepot::queue::{Options, entry};

use crate::queue::world::{GroupedNote, Note, World, until};
use crate::support::server::TestServer;

/// While a new version is rolled out, old processes meet jobs of its kinds: they leave them to the new ones.
#[test]
fn a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it() {
    let world = World::new(0);
    let settings = "[queue]\nworkers = 2\nlease = 3\npoll_interval = 200";
    let _old = TestServer::with_jobs(&world.url, settings, &[entry::<GroupedNote>()]);
    let id = world.note("of tomorrow", &Options::default()).id;
    let late = Options { delay: std::time::Duration::from_millis(300), ..Options::default() };
    let delayed = world.note("of tomorrow, later", &late).id;
    // What the old one took from a new one that died.
    world.sql(
        "INSERT INTO job (queue, name, payload, max_attempts, attempts, status, worker_id)
               VALUES ('default', 'note', '{\"text\": \"left behind\"}', 10, 1, 'running', 4711)",
    );
    until("the old process has taken it over", || world.count("status = 'failed_redelivered'") == 1);
    until("the delay is over", || world.count("delayed_until IS NULL") == 3);
    for text in ["known", "known, too"] {
        world.enqueue(&GroupedNote { text: text.to_owned() }, &Options::default());
    }
    until("the old process works", || world.noted().len() == 2);
    assert_eq!((world.status(id), world.status(delayed)), ("new", "new"));
    assert_eq!(world.count("attempts = 0"), 2);
    let _new = TestServer::with_jobs(&world.url, settings, &[entry::<GroupedNote>(), entry::<Note>()]);
    world.await_rest();
    assert_eq!((world.noted().len(), world.count("true")), (5, 0));
}

/// A job that panics in its group takes none of the others with it, nor the thread that runs it.
#[test]
fn a_panic_in_a_group_is_the_failure_of_one_job() {
    let world = World::new(0);
    for number in 0..60 {
        let text = if number % 20 == 7 { format!("panic {number}") } else { format!("good {number}") };
        world.enqueue(&GroupedNote { text }, &Options::default());
    }
    let _one = world.another(1);
    until("all others are done", || world.noted().len() == 57);
    until("those have failed", || world.count("status = 'failed_redelivered'") == 3);
    assert_eq!(world.count("last_error LIKE 'The job panicked: panic %'"), 3);
    world.enqueue(&GroupedNote { text: "next".to_owned() }, &Options::default());
    until("the only thread goes on", || world.noted().len() == 58);
}
