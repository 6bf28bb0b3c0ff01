//! A real broker tells workers of jobs.

use std::path::Path;

use entrepot::queue::{self, Options, Priority};
use nix::sys::signal::Signal;

use super::world::{GroupedNote, JOBS, World, until};
use crate::support::broker::{Authority, Broker};
use crate::support::server::TestServer;
use crate::support::working::{Working, run};

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

/// The broker's certificate is signed by an authority of the operator's own: it is trusted where `queue.rabbitmq_ca` says
/// so, and nothing is told to a broker that another one has signed.
#[test]
fn a_broker_is_spoken_to_by_tls() {
    let Some(mut broker) = Broker::new() else { return };
    let world = World::new(0);
    let authority = broker.secure();
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), Authority::new("another authority").certificate()).unwrap();
    broker.start();
    let settings = |file: &Path| {
        let (url, file) = (broker.secure_url(), file.display());
        format!(
            "[queue]\nworkers = 2\nlease = 3\npoll_interval = 60000\nrabbitmq_url = \"{url}\"\nrabbitmq_ca = \"{file}\""
        )
    };
    let server = TestServer::with_jobs(&world.url, &settings(&authority), JOBS);
    until("the process listens to the broker", || broker.consumers("entrepot.default") == 1);
    notes(&world, (0..300).map(|number| format!("by tls {number}")));
    until("the broker has told of the jobs", || noted(&world) == (300, 300));
    drop(server);
    until("the process has left", || broker.consumers("entrepot.default") == 0);
    let url = broker.secure_url();
    let file = other.path().display().to_string();
    let strict = [("ENTREPOT_QUEUE_RABBITMQ_URL", url.as_str()), ("ENTREPOT_QUEUE_RABBITMQ_CA", file.as_str())];
    let worker = Working::on(&world.url, &["--queues", "probe"], &strict);
    until("the worker says why not", || worker.log().iter().any(|line| line.contains("UnknownIssuer")));
    assert!(run(&world.url, &["queue", "probe", "--jobs", "20", "--single", "1"]).unwrap().contains("20 jobs"));
    assert_eq!(broker.consumers("entrepot.probe"), 0);
}

/// A broker that is there and answers nothing is as good as away.
#[test]
fn a_broker_that_hangs_holds_up_no_job_for_long() {
    let Some(mut broker) = Broker::new() else { return };
    let world = World::new(0);
    broker.start();
    let settings =
        format!("[queue]\nworkers = 2\nlease = 3\npoll_interval = 60000\nrabbitmq_url = \"{}\"", broker.url());
    let _server = TestServer::with_jobs(&world.url, &settings, JOBS);
    until("the process listens to the broker", || broker.consumers("entrepot.default") == 1);
    broker.signal(Signal::SIGSTOP);
    notes(&world, (0..100).map(|number| number.to_string()));
    until("workers look into the table", || noted(&world) == (100, 100));
    broker.signal(Signal::SIGCONT);
    until("the process listens to the broker again", || broker.consumers("entrepot.default") == 1);
    notes(&world, (100..200).map(|number| number.to_string()));
    until("the jobs are done", || noted(&world) == (200, 200));
}

#[test]
fn a_broker_that_cannot_be_spoken_to_is_refused_with_a_reason() {
    let url = World::new(0).url;
    for (broker, reason) in [
        (
            "rabbitmq_url = \"localhost:5672\"",
            "queue.rabbitmq_url must be a URL such as amqp://user:password@host:5672",
        ),
        ("rabbitmq_url = \"https://localhost\"", "queue.rabbitmq_url must be a URL such as amqp://"),
        ("rabbitmq_url = \"amqps://a b\"", "queue.rabbitmq_url "),
        (
            "rabbitmq_url = \"amqp://localhost\"\nrabbitmq_ca = \"/dev/null\"",
            "queue.rabbitmq_ca is for a queue.rabbitmq_url",
        ),
        (
            "rabbitmq_url = \"amqps://localhost\"\nrabbitmq_ca = \"/dev/null\"",
            "queue.rabbitmq_ca /dev/null cannot be used: it has no",
        ),
        (
            "rabbitmq_url = \"amqps://localhost\"\nrabbitmq_ca = \"/none\"",
            "queue.rabbitmq_ca /none cannot be used: No such",
        ),
    ] {
        let settings =
            std::env::temp_dir().join(format!("entrepot-broker-{}-{}.toml", std::process::id(), broker.len()));
        std::fs::write(&settings, format!("[queue]\n{broker}")).unwrap();
        let refused = run(&url, &["--config", settings.to_str().unwrap(), "worker"]).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
        std::fs::remove_file(&settings).unwrap();
    }
}
