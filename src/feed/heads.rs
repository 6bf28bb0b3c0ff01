//! How far the feeds go, for those who wait in this process for more: many waiters, one look at the database.
//!
//! A waiter takes a [`Waiter`] before it reads, so that no change falls between its reading and its waiting. Nobody takes
//! all places: an organization has its share, and each of its clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::config::Waiters;

/// The heads of the feeds that somebody waits for.
pub struct Heads(Arc<Mutex<Waiting>>);

struct Waiting {
    limits: Waiters,
    count: usize,
    feeds: HashMap<i64, Feed>,
}

/// An organization's feed, while somebody waits for it.
struct Feed {
    head: watch::Sender<i64>,
    count: usize,
    /// How many wait, by client.
    clients: HashMap<String, usize>,
}

/// A place among those who wait for the changes of one organization.
pub struct Waiter {
    head: watch::Receiver<i64>,
    waiting: Arc<Mutex<Waiting>>,
    organization: i64,
    client: String,
}

/// Why there is no place: that many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Process(usize),
    Organization(usize),
    Client(usize),
}

impl Heads {
    pub fn new(limits: Waiters) -> Heads {
        Heads(Arc::new(Mutex::new(Waiting { limits, count: 0, feeds: HashMap::new() })))
    }

    /// A place for one who waits.
    pub fn wait(&self, organization: i64, client: &str) -> Result<Waiter, Full> {
        let mut waiting = lock(&self.0);
        waiting.check(organization, client)?;
        waiting.count += 1;
        let fresh = || Feed { head: watch::Sender::new(0), count: 0, clients: HashMap::new() };
        let feed = waiting.feeds.entry(organization).or_insert_with(fresh);
        feed.count += 1;
        *feed.clients.entry(client.to_owned()).or_default() += 1;
        let head = feed.head.subscribe();
        Ok(Waiter { head, waiting: self.0.clone(), organization, client: client.to_owned() })
    }

    /// Wakes those who wait for a position up to `head`.
    pub fn advance(&self, organization: i64, head: i64) {
        if let Some(feed) = lock(&self.0).feeds.get(&organization) {
            feed.head.send_if_modified(|last| {
                let further = head > *last;
                *last = head.max(*last);
                further
            });
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        lock(&self.0).count
    }

    /// The organizations for whose changes somebody waits.
    pub fn awaited(&self) -> Vec<i64> {
        lock(&self.0).feeds.keys().copied().collect()
    }
}

impl Waiting {
    /// The nearest limit is named first: it is the one that the client can do something about.
    fn check(&self, organization: i64, client: &str) -> Result<(), Full> {
        let Waiters { all, of_organization, of_client } = self.limits;
        if let Some(feed) = self.feeds.get(&organization) {
            if feed.clients.get(client).is_some_and(|count| *count >= of_client) {
                return Err(Full::Client(of_client));
            }
            if feed.count >= of_organization {
                return Err(Full::Organization(of_organization));
            }
        }
        if self.count >= all {
            return Err(Full::Process(all));
        }
        Ok(())
    }

    fn leave(&mut self, organization: i64, client: &str) {
        let Some(feed) = self.feeds.get_mut(&organization) else { return };
        self.count -= 1;
        feed.count -= 1;
        if let Some(count) = feed.clients.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                feed.clients.remove(client);
            }
        }
        if feed.count == 0 {
            self.feeds.remove(&organization);
        }
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

impl Drop for Waiter {
    fn drop(&mut self) {
        lock(&self.waiting).leave(self.organization, &self.client);
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Full, Heads};
    use crate::config::Waiters;

    #[test]
    fn places_are_bounded_and_given_back() {
        let heads = Heads::new(Waiters { all: 4, of_organization: 3, of_client: 2 });
        let (first, second) = (heads.wait(1, "a"), heads.wait(1, "a"));
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(heads.wait(1, "a").err(), Some(Full::Client(2)));
        let third = heads.wait(1, "b");
        assert!(third.is_ok());
        assert_eq!(heads.wait(1, "b").err(), Some(Full::Organization(3)));
        let fourth = heads.wait(2, "a");
        assert!(fourth.is_ok(), "another organization's client of that name is another one");
        assert_eq!(heads.wait(2, "a").err(), Some(Full::Process(4)));
        drop(first);
        let again = heads.wait(1, "a");
        assert!(again.is_ok());
        let mut awaited = heads.awaited();
        awaited.sort_unstable();
        assert_eq!(awaited, [1, 2]);
        drop((second, third, fourth, again));
        assert_eq!(heads.awaited(), Vec::<i64>::new());
    }
}
