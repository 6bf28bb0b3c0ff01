use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::jobs::probe::ProbeAlone;
use entrepot::queue::{Options, enqueue_all};
use nix::sys::signal::Signal;

use crate::queue::world::{Note, World, until};
use crate::support::working::Working;

#[derive(QueryableByName)]
struct Effects {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many jobs of the probe have left an effect.
fn effects(world: &World) -> i64 {
    let count = "SELECT count(*) FROM job_probe";
    world.write(|conn| Ok(diesel::sql_query(count).get_result::<Effects>(conn)?)).count
}

/// A process stands still for longer than its lease, for its disk or its memory, and goes on as if nothing had been.
#[test]
fn a_pause_longer_than_the_lease_has_no_job_done_twice() {
    let world = World::new(0);
    let worker = || Working::on(&world.url, &["--queues", "probe", "--concurrency", "1"], &[]);
    let frozen = worker();
    let id = world.enqueue(&ProbeAlone { batch: 1, number: 1, pause: 3_000 }, &Options::default()).id;
    world.await_status(id, "running");
    frozen.signal(Signal::SIGSTOP);
    let second = worker();
    until("the second worker has done it", || world.status(id) == "gone");
    second.signal(Signal::SIGTERM);
    assert!(second.wait().success());
    frozen.signal(Signal::SIGCONT);
    let next = world.enqueue(&ProbeAlone { batch: 1, number: 2, pause: 0 }, &Options::default()).id;
    until("the first worker goes on", || world.status(next) == "gone");
    assert_eq!(effects(&world), 2);
}

/// The clock of the database's machine jumps ahead: all leases end at once, again and again, while everybody works.
#[test]
fn a_clock_that_jumps_ahead_has_no_job_lost_or_done_twice() {
    let world = World::new(0);
    let _processes = [world.another(2), world.another(2)];
    let notes: Vec<Note> = (0..400).map(|number| Note { text: number.to_string() }).collect();
    for part in notes.chunks(80) {
        world.write(|conn| enqueue_all(conn, None, part, &Options::default()));
        until("jobs are done", || world.count("true") < 60);
        world.sql("UPDATE job_worker SET leased_until = now() - interval '30 minutes'");
    }
    world.await_rest();
    let mut noted = world.noted();
    noted.sort();
    noted.dedup();
    assert_eq!((noted.len(), world.noted().len(), world.count("true")), (400, 400, 0));
}

/// The clocks of machines differ, and jump: the queue goes by that of the database alone.
#[test]
fn the_queue_does_not_ask_the_clock_of_its_machine() {
    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { sources(&path, found) } else { found.push(std::fs::read_to_string(path).unwrap()) }
        }
    }
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/queue"), &mut found);
    assert!(found.len() > 15);
    for clock in ["Utc::now", "Local::now", "SystemTime::now"] {
        assert!(!found.iter().any(|text| text.contains(clock)), "{clock}");
    }
}
