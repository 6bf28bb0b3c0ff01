//! How far the feeds go, for those who wait in this process for more: many waiters, one look at the database.
//!
//! A waiter takes a [`Waiter`] before it reads, so that no change falls between its reading and its waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The heads of the feeds that somebody waits for.
pub struct Heads {
    known: Mutex<HashMap<i64, watch::Sender<i64>>>,
    places: Arc<Semaphore>,
}

/// A place among those who wait for the changes of one organization.
pub struct Waiter {
    head: watch::Receiver<i64>,
    _place: OwnedSemaphorePermit,
}

impl Heads {
    /// `places`: how many may wait at the same time.
    pub fn new(places: usize) -> Heads {
        Heads { known: Mutex::default(), places: Arc::new(Semaphore::new(places)) }
    }

    /// A place for one who waits; `None` when all are taken.
    pub fn wait(&self, organization: i64) -> Option<Waiter> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let head = self.known().entry(organization).or_insert_with(|| watch::Sender::new(0)).subscribe();
        Some(Waiter { head, _place: place })
    }

    /// Wakes those who wait for a position up to `head`.
    pub fn advance(&self, organization: i64, head: i64) {
        if let Some(known) = self.known().get(&organization) {
            known.send_if_modified(|last| {
                let further = head > *last;
                *last = head.max(*last);
                further
            });
        }
    }

    /// The organizations for whose changes somebody waits.
    pub fn awaited(&self) -> Vec<i64> {
        let mut known = self.known();
        known.retain(|_, head| head.receiver_count() > 0);
        known.keys().copied().collect()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<i64, watch::Sender<i64>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Ends when the feed goes beyond `position`.
    pub async fn beyond(&mut self, position: i64) {
        if self.head.wait_for(|head| *head > position).await.is_err() {
            // Nobody tells any more; whoever waits has a limit of time as well.
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Heads;

    #[test]
    fn places_are_bounded_and_given_back() {
        let heads = Heads::new(1);
        let first = heads.wait(1);
        assert!(first.is_some());
        assert!(heads.wait(2).is_none());
        assert_eq!(heads.awaited(), [1]);
        drop(first);
        assert!(heads.wait(2).is_some());
        assert_eq!(heads.awaited(), Vec::<i64>::new());
    }
}
