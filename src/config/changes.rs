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
    /// Requests and event streams that wait at the same time in a process: at all, of an organization, of a client.
    pub waiters: Waiters,
}

/// How many may wait for changes at the same time in a process.
#[derive(Clone, Copy, Debug)]
pub struct Waiters {
    pub all: usize,
    pub of_organization: usize,
    pub of_client: usize,
}

impl Changes {
    pub(super) fn read(source: &mut Source) -> Changes {
        Changes {
            retention: Duration::from_secs(source.integer("changes.retention", 2_592_000, 60..=3_153_600_000)),
            interval: Duration::from_millis(source.integer("changes.interval", 40, 1..=10_000)),
            longest_wait: Duration::from_secs(source.integer("changes.longest_wait", 60, 0..=3600)),
            waiters: Waiters {
                all: source.integer("changes.waiters", 10_000, 1..=1_000_000) as usize,
                of_organization: source.integer("changes.waiters_per_organization", 5_000, 1..=1_000_000) as usize,
                of_client: source.integer("changes.waiters_per_client", 1_000, 1..=1_000_000) as usize,
            },
        }
    }
}
