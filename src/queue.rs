//! Work to be done after the transaction that asks for it, by workers in any process on any machine.
//!
//! [`enqueue`] writes a job in the caller's transaction: no commit, no job. A worker claims it, runs it, and completes
//! it in the transaction that has its effects ([`Run::complete`]), so effects happen once, while `run` itself may be
//! repeated: after a failure with growing pauses, and when a worker dies. Jobs are listed in [`crate::jobs`].

mod backoff;
mod bell;
mod claim;
pub mod command;
mod dead;
mod depth;
mod enqueue;
mod failure;
mod family;
mod keeper;
mod limits;
pub mod metrics;
mod probe;
mod registry;
mod run;
mod schedule;
mod stop;
pub mod transport;
mod worker;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;

pub use bell::ring;
pub use enqueue::{Enqueued, enqueue, enqueue_all};
pub use family::{Progress, cancel, progress};
pub use keeper::keep;
pub use limits::Limits;
pub use probe::{ProbeArguments, probe};
pub use registry::{Entry, Registry, entry};
pub use run::{Failed, Run};
pub use schedule::{Recurring, every, hours};
pub use stop::Stop;
pub use worker::{Workers, work};

/// The queue of jobs that name no other.
pub const DEFAULT_QUEUE: &str = "default";

/// A kind of job; a value is one job's payload, stored as JSON. A change of its form has to read what older versions
/// have written.
pub trait Job: Serialize + DeserializeOwned + 'static {
    /// Its stable name: `operation.split`.
    const NAME: &'static str;
    /// The queue it goes to. Queues take turns, so that a flood in one does not hold up another.
    const QUEUE: &'static str = DEFAULT_QUEUE;
    /// How often it is started before it becomes a dead letter.
    const ATTEMPTS: u16 = 10;
    /// Whether many are run in one transaction, with one commit: for jobs whose work is a few quick statements in
    /// [`Run::complete`] and nothing else. Then `complete` ends before the commit, and `run` may be repeated.
    const GROUPED: bool = false;
    /// After this time in a run, or below a root, the job is given up as stale, and what it does is rolled back.
    const STALE_AFTER: Option<Duration> = None;

    /// Does the work: the reading, the computing and whatever is outside of the database first, then the effects in
    /// [`Run::complete`]. A job that returns without it is completed then. Runs in a thread of its own and may block;
    /// asks [`Run::is_stopping`] now and then if it takes long.
    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed>;
}

/// How urgent a job is (contract 28). Within a queue the most urgent goes first, then the oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    VeryLow = 0,
    Low = 1,
    #[default]
    Normal = 2,
    High = 3,
    VeryHigh = 4,
}

/// Whether a job is enqueued although there is one of its name with the same key, in the same organization.
#[derive(Clone, Copy, Debug, Default)]
pub enum Once<'a> {
    #[default]
    Always,
    /// Not while another waits for its first start: that one will see what this transaction has written, since it
    /// cannot start before the commit.
    WhileWaiting(&'a str),
    /// Not while another waits or runs, its children included.
    WhileActive(&'a str),
}

/// How a job is enqueued.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    pub priority: Priority,
    /// Not to be started before this time has passed.
    pub delay: Duration,
    pub once: Once<'a>,
    /// The root below which this is a child: the root runs until all of its children have ended. It has to be waiting
    /// or running, and no child itself.
    pub root: Option<i64>,
    /// The job whose end, however it ends, is to be waited for; a root's end is that of its last child.
    pub after: Option<i64>,
}

/// Where a job stands (contract 28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    New,
    Running,
    Success,
    Failed,
    /// Failed, and waiting to be started again.
    FailedRedelivered,
    Cancelled,
    Stale,
}

impl Status {
    /// As the contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Running => "running",
            Status::Success => "success",
            Status::Failed => "failed",
            Status::FailedRedelivered => "failed_redelivered",
            Status::Cancelled => "cancelled",
            Status::Stale => "stale",
        }
    }

    /// Whether nothing will happen to the job any more, unless an operator has it run again.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Success | Status::Failed | Status::Cancelled | Status::Stale)
    }

    fn parse(text: &str) -> Option<Status> {
        use Status::*;
        [New, Running, Success, Failed, FailedRedelivered, Cancelled, Stale].into_iter().find(|s| s.as_str() == text)
    }
}
