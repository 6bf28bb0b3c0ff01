//! How workers learn which jobs to claim. The table always decides: a transport only says where to look, so nothing is
//! lost with it, and what it says twice is done once.

mod outbox;
pub mod rabbitmq;

use std::time::Duration;

use crate::db::{Db, Signal};

/// Where a worker looks for jobs.
pub enum Next {
    /// In the table, for whatever is ready in its queues.
    Queues,
    /// In the table, for the jobs of these ids, if they are ready; none: nothing is to be done at the moment.
    These(Vec<i64>),
}

/// Tells workers of jobs that are ready.
pub trait Transport: Send + Sync {
    /// What is given when there may be more to do.
    fn signal(&self) -> &Signal;

    /// Where to look for at most so many jobs.
    fn next(&self, most: usize) -> Next;

    /// What became of [`Next::These`]: `seen_to` were claimed, or need not be; `left` are to be told again.
    fn settle(&self, seen_to: &[i64], left: &[i64]);

    /// How long a worker waits for the signal.
    fn patience(&self) -> Duration;
}

/// The table alone: workers look into it, woken by commits of this process and, by [`super::ring`], of others.
pub struct Table {
    pub db: Db,
    pub poll_interval: Duration,
}

impl Transport for Table {
    fn signal(&self) -> &Signal {
        self.db.announced()
    }

    fn next(&self, _: usize) -> Next {
        Next::Queues
    }

    fn settle(&self, _: &[i64], _: &[i64]) {}

    fn patience(&self) -> Duration {
        self.poll_interval
    }
}
