//! Workers that are killed, again and again.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::jobs::probe::{Probe, ProbeAlone};
use entrepot::queue::{self, Options};

use super::world::{World, until};
use crate::support::working::Working;

/// How often a process is killed; fewer times than a job is started before it is a dead letter.
const KILLS: i32 = 8;
const TOGETHER: i32 = 400;
const ALONE: i32 = 25;

#[derive(QueryableByName, Debug, PartialEq)]
struct History {
    /// Jobs that have left an effect.
    #[diesel(sql_type = BigInt)]
    jobs: i64,
    /// Effects.
    #[diesel(sql_type = BigInt)]
    effects: i64,
}

/// "kill -9 of workers in a loop: no job lost, none completed twice (a test that kills real processes and checks a history
/// of effects)".
#[test]
fn killed_workers_lose_no_job_and_complete_none_twice() {
    let world = World::new(0);
    let start = || Working::on(&world.url, &["--queues", "probe", "--concurrency", "3"], &[]);
    let mut workers = vec![start(), start()];
    let mut interrupted = 0;
    for round in 0..KILLS {
        world.write(|conn| {
            let together: Vec<Probe> =
                (0..TOGETHER).map(|number| Probe { batch: 1, number: round * TOGETHER + number }).collect();
            queue::enqueue_all(conn, None, &together, &Options::default())?;
            let alone = |number| ProbeAlone { batch: 2, number: round * ALONE + number, pause: 30 };
            let alone: Vec<ProbeAlone> = (0..ALONE).map(alone).collect();
            queue::enqueue_all(conn, None, &alone, &Options::default())
        });
        // In the middle of it, now a little earlier, now a little later.
        until("it is at work", || world.count("status = 'running'") > i64::from(round % 3));
        workers.remove(0).kill();
        interrupted += world.count("status = 'running'");
        workers.push(start());
    }
    assert!(interrupted > 0, "nobody was interrupted");
    until("all jobs are done", || world.count("queue = 'probe' AND ended_at IS NULL") == 0);
    let history = |batch: i32| -> History {
        let query =
            format!("SELECT count(DISTINCT number) AS jobs, count(*) AS effects FROM job_probe WHERE batch = {batch}");
        world.write(|conn| Ok(diesel::sql_query(&query).get_result(conn)?))
    };
    let once = |jobs: i32| History { jobs: i64::from(jobs), effects: i64::from(jobs) };
    assert_eq!([history(1), history(2)], [once(KILLS * TOGETHER), once(KILLS * ALONE)]);
    assert_eq!(world.count("queue = 'probe'"), 0, "no dead letter");
}
