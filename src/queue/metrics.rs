//! What the queue counts and times for `/metrics`.
//!
//! | metric | labels |
//! |---|---|
//! | `entrepot_jobs_total` | `queue`, `job`, `outcome`: `success`, `again`, `dead`, `lost` |
//! | `entrepot_job_seconds` | `queue`, `job` |
//! | `entrepot_queue_jobs` | `queue`, `job`, `state`: `ready`, `delayed`, `running`, `dead` |
//! | `entrepot_queue_oldest_seconds` | `queue`, `job`: since the oldest ready job was enqueued |

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::Entry;
use super::depth::{Depth, depths};

/// For how long what the table says is passed on without a new look.
const FRESH: Duration = Duration::from_secs(5);

/// Counts a run's end, and times it.
pub(super) fn ran(entry: &Entry, outcome: &'static str, took: Duration) {
    ended(entry, outcome, 1);
    metrics::histogram!("entrepot_job_seconds", "queue" => entry.queue, "job" => entry.name).record(took);
}

pub(super) fn ended(entry: &Entry, outcome: &'static str, count: u64) {
    let (queue, job) = (entry.queue, entry.name);
    metrics::counter!("entrepot_jobs_total", "queue" => queue, "job" => job, "outcome" => outcome).increment(count);
}

/// The gauges of the table, looked at not too often.
#[derive(Default)]
pub struct Gauges(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    read: Option<Instant>,
    /// Queues and jobs that have a gauge; one that is empty by now is shown as such.
    known: BTreeSet<(String, String)>,
}

impl Gauges {
    /// Whether they want to be brought up to date.
    pub fn are_old(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read.is_none_or(|read| read.elapsed() > FRESH)
    }

    pub fn refresh(&self, conn: &mut PgConnection) -> QueryResult<()> {
        let depths = depths(conn)?;
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.read = Some(Instant::now());
        for (queue, job) in &shown.known {
            show(&Depth { queue: queue.clone(), job: job.clone(), ..Depth::default() });
        }
        shown.known.extend(depths.iter().map(|depth| (depth.queue.clone(), depth.job.clone())));
        depths.iter().for_each(show);
        Ok(())
    }
}

fn show(depth: &Depth) {
    let (queue, job) = (&depth.queue, &depth.job);
    for (state, count) in
        [("ready", depth.ready), ("delayed", depth.delayed), ("running", depth.running), ("dead", depth.dead)]
    {
        let labels = [("queue", queue.clone()), ("job", job.clone()), ("state", state.to_owned())];
        metrics::gauge!("entrepot_queue_jobs", &labels).set(count as f64);
    }
    let labels = [("queue", queue.clone()), ("job", job.clone())];
    metrics::gauge!("entrepot_queue_oldest_seconds", &labels).set(depth.oldest);
}
