//! The wish that a long-lived loop ends, for threads and for async code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::db::Signal;

/// Cheap to clone; all clones tell the same.
#[derive(Clone)]
pub struct Stop(Arc<Shared>);

struct Shared {
    wished: Signal,
    watch: watch::Sender<bool>,
}

impl Default for Stop {
    fn default() -> Stop {
        Stop(Arc::new(Shared { wished: Signal::default(), watch: watch::Sender::new(false) }))
    }
}

impl Stop {
    /// Wishes the end.
    pub fn stop(&self) {
        self.0.wished.give();
        self.0.watch.send_replace(true);
    }

    pub fn is_wished(&self) -> bool {
        *self.0.watch.borrow()
    }

    /// Sleeps for that long, or until the end is wished. The answer: whether it is.
    pub fn sleep(&self, time: Duration) -> bool {
        self.0.wished.wait(0, time)
    }

    /// Sleeps until that moment, or until the end is wished.
    pub fn sleep_until(&self, moment: Instant) -> bool {
        self.sleep(moment.saturating_duration_since(Instant::now()))
    }

    /// Is ready when the end is wished.
    pub async fn wished(&self) {
        // The sender lives as long as this.
        let _ = self.0.watch.subscribe().wait_for(|wished| *wished).await;
    }
}
