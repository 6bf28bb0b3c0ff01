//! Jobs: who runs them, and when others take over.

use std::time::Duration;

use super::source::Source;

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Threads of a serving process that run jobs; 0: none.
    pub workers: usize,
    /// For how long a process holds its jobs without a sign of life.
    pub lease: Duration,
    /// Between two looks for jobs, where nothing wakes a worker earlier.
    pub poll_interval: Duration,
}

impl Queue {
    pub(super) fn read(source: &mut Source) -> Queue {
        Queue {
            workers: source.integer("queue.workers", 2, 0..=256) as usize,
            lease: Duration::from_secs(source.integer("queue.lease", 30, 3..=3600)),
            poll_interval: Duration::from_millis(source.integer("queue.poll_interval", 1000, 10..=60_000)),
        }
    }
}
