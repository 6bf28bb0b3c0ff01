//! Telling threads of this process that a transaction has committed: one that enqueued jobs, for the workers.
//!
//! Whoever writes says [`announce`]; [`super::Db`] passes that on after the COMMIT, and drops it with a rollback.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

thread_local! {
    /// Whether the transaction under way in this thread has something to tell.
    static PENDING: Cell<bool> = const { Cell::new(false) };
}

/// Has the signal [`super::Db::announced`] given once the transaction of this thread has committed.
pub fn announce() {
    PENDING.set(true);
}

/// What was announced in this thread before a transaction in it; put back by [`Outer::restore`].
pub(super) struct Outer(bool);

/// At the beginning of a transaction.
pub(super) fn begin() -> Outer {
    Outer(PENDING.replace(false))
}

impl Outer {
    /// At the end of the transaction: whether it announced something.
    pub(super) fn restore(self) -> bool {
        PENDING.replace(self.0)
    }
}

/// Counts events, so that a thread can wait for the next one and miss none.
#[derive(Default)]
pub struct Signal {
    count: Mutex<u64>,
    given: Condvar,
}

impl Signal {
    /// How many there were.
    pub fn count(&self) -> u64 {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn give(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.given.notify_all();
    }

    /// Waits until there were more than `seen`, for as long as `patience`. The answer: whether there were.
    pub fn wait(&self, seen: u64, patience: Duration) -> bool {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.given.wait_timeout_while(count, patience, |count| *count <= seen);
        *waited.unwrap_or_else(PoisonError::into_inner).0 > seen
    }
}
