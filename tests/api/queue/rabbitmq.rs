//! A real broker tells workers of jobs.

use entrepot::queue::{self, Options, Priority};

use super::world::{GroupedNote, JOBS, World, until};
use crate::support::broker::Broker;
use crate::support::server::TestServer;
use crate::support::working::run;

fn notes(world: &World, texts: impl Iterator<Item = String>) {
    let notes: Vec<GroupedNote> = texts.map(|text| GroupedNote { text }).collect();
    world.write(|conn| queue::enqueue_all(conn, None, &notes, &Options::default()));
}

/// How many different texts were noted, and how many in all.
fn noted(world: &World) -> (usize, usize) {
    let mut noted = world.noted();
    let all = noted.len();
    noted.sort();
    noted.dedup();
    (noted.len(), all)
}

/// "RabbitMQ through lapin behind the same trait with the outbox as its source of truth (so nothing is lost when the broker
/// is away)": it is there, killed, away, back, and wiped; each job is done, once.
#[test]
fn a_broker_that_comes_and_goes_loses_no_job() {
    let Some(mut broker) = Broker::new() else { return };
    let world = World::new(0);
    broker.start();
    // While the broker is there, a look into the table comes too late to be taken for a message.
    let settings =
        format!("[queue]\nworkers = 2\nlease = 3\npoll_interval = 60000\nrabbitmq_url = \"{}\"", broker.url());
    let servers = [(); 2].map(|()| TestServer::with_jobs(&world.url, &settings, JOBS));
    until("both processes listen to the broker", || broker.consumers("entrepot.default") == 2);
    notes(&world, (0..500).map(|number| format!("there {number}")));
    until("the broker has told of the jobs", || noted(&world) == (500, 500));
    let bad = world.note("bad", &Options { priority: Priority::High, ..Options::default() }).id;
    world.await_status(bad, "failed");

    broker.kill();
    notes(&world, (0..500).map(|number| format!("away {number}")));
    until("workers look into the table", || noted(&world) == (1_000, 1_000));

    broker.start();
    until("both processes listen to the broker again", || broker.consumers("entrepot.default") == 2);
    notes(&world, (0..500).map(|number| format!("back {number}")));
    until("the jobs are done", || noted(&world) == (1_500, 1_500));

    // What it was told of while no worker ran is gone with its data.
    drop(servers);
    notes(&world, (0..100).map(|number| format!("lost {number}")));
    world.sql("UPDATE job SET published_at = now() WHERE status = 'new'");
    broker.wipe();
    broker.start();
    let _server = TestServer::with_jobs(&world.url, &settings, JOBS);
    until("lost messages are sent again", || noted(&world) == (1_600, 1_600));
    assert_eq!(world.count("ended_at IS NULL"), 0);
}

#[test]
fn a_broker_that_cannot_be_spoken_to_is_refused_with_a_reason() {
    let url = World::new(0).url;
    for (broker, reason) in [
        ("amqps://localhost", "queue.rabbitmq_url says amqps, and this server speaks to RabbitMQ without TLS"),
        ("localhost:5672", "queue.rabbitmq_url must be a URL such as amqp://user:password@host:5672/vhost."),
    ] {
        let settings = std::env::temp_dir().join(format!("entrepot-broker-{}.toml", broker.len()));
        std::fs::write(&settings, format!("[queue]\nrabbitmq_url = \"{broker}\"")).unwrap();
        let refused = run(&url, &["--config", settings.to_str().unwrap(), "worker"]).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
        std::fs::remove_file(&settings).unwrap();
    }
}
