//! The change feed: how long it is kept, how quickly it is numbered, and who may wait for it.

use std::time::Duration;

use super::source::Source;

/// How changes are kept and told.
#[derive(Clone, Copy, Debug)]
pub struct Changes {
    /// How long they can be read after they were made.
    pub retention: Duration,
    /// The pause between two looks for what was committed.
    pub interval: Duration,
    /// How long a request may wait for the next change.
    pub longest_wait: Duration,
    /// Requests and event streams that wait at the same time, per process.
    pub waiters: usize,
}

impl Changes {
    pub(super) fn read(source: &mut Source) -> Changes {
        Changes {
            retention: Duration::from_secs(source.integer("changes.retention", 2_592_000, 60..=3_153_600_000)),
            interval: Duration::from_millis(source.integer("changes.interval", 40, 1..=10_000)),
            longest_wait: Duration::from_secs(source.integer("changes.longest_wait", 60, 0..=3600)),
            waiters: source.integer("changes.waiters", 10_000, 1..=1_000_000) as usize,
        }
    }
}
