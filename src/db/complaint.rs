//! Lines of the log about what goes wrong again and again while something is away: said at once, and then once a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_secs(60);

/// One thing to complain of, by however many threads meet it.
#[derive(Debug, Default)]
pub struct Complaint(Mutex<Option<Instant>>);

impl Complaint {
    /// For a static one.
    pub const fn new() -> Complaint {
        Complaint(Mutex::new(None))
    }

    /// Whether it is to be said now: it was not within the last minute.
    pub fn is_due(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said.is_none_or(|said| said.elapsed() >= PERIOD);
        if due {
            *said = Some(Instant::now());
        }
        due
    }
}
