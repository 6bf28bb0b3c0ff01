//! The kinds of jobs that a process can run, by name: typed at the edge, plain functions inside.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::{Failed, Job, Run};
use crate::app::App;

/// A kind of job without its type.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub queue: &'static str,
    pub grouped: bool,
    run: fn(&App, &Value, &Run<'_>) -> Result<(), Failed>,
}

/// The entry of a kind of job, for [`crate::jobs::ALL`].
pub const fn entry<J: Job>() -> Entry {
    Entry { name: J::NAME, queue: J::QUEUE, grouped: J::GROUPED, run: run::<J> }
}

fn run<J: Job>(app: &App, payload: &Value, run: &Run<'_>) -> Result<(), Failed> {
    let job: J = serde::Deserialize::deserialize(payload)
        .map_err(|error| Failed::never(format!("The payload is none of a {} job: {error}.", J::NAME)))?;
    job.run(app, run)
}

impl Entry {
    pub(super) fn run(&self, app: &App, payload: &Value, run: &Run<'_>) -> Result<(), Failed> {
        (self.run)(app, payload, run)
    }
}

/// What a process can run.
#[derive(Clone)]
pub struct Registry {
    entries: BTreeMap<&'static str, Entry>,
}

impl Registry {
    /// Of two entries of one name the later one counts.
    pub fn new(entries: &[Entry]) -> Registry {
        Registry { entries: entries.iter().map(|entry| (entry.name, *entry)).collect() }
    }

    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The queues that its jobs go to, sorted.
    pub fn queues(&self) -> Vec<&'static str> {
        let queues: BTreeSet<&'static str> = self.entries.values().map(|entry| entry.queue).collect();
        queues.into_iter().collect()
    }

    /// The names of all jobs.
    pub fn all_names(&self) -> Vec<&'static str> {
        self.entries.keys().copied().collect()
    }

    /// The names of the jobs of a queue.
    pub fn names(&self, queue: &str) -> Vec<&'static str> {
        self.entries.values().filter(|entry| entry.queue == queue).map(|entry| entry.name).collect()
    }
}

/// In whole seconds, as the table has it.
pub(super) fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}
