//! The clients, and what they do while things are killed.

mod batches;
mod orders;
mod readers;
mod receiver;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, scope};

use crate::client::Client;
use crate::history::History;
use crate::monkey::{Kills, rage};
use crate::settings::Settings;
use crate::site::Site;
use crate::stored::Stored;

const WRITERS: u64 = 3;
const BATCHERS: u64 = 1;
const READERS: u64 = 2;

/// Tells the clients to come to an end, however the run ends.
#[derive(Default)]
struct End {
    /// Nothing new is to be begun.
    stop: AtomicBool,
    /// How many changes there are, when all writes are done.
    changes: OnceLock<usize>,
    /// Nothing is waited for any more.
    is_there: AtomicBool,
}

impl End {
    fn is_near(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.changes.get_or_init(|| 0);
        self.0.is_there.store(true, Ordering::Relaxed);
    }
}

/// Ends the clients when it is dropped.
struct Ending<'a>(&'a End);

/// Lets clients work until the killing is over and each is through with what it has begun.
pub fn run(site: &Site, settings: &Settings) -> (History, Kills) {
    let client = Client::new(site);
    let goods = orders::Goods::find(&client);
    let receiver = receiver::Receiver::subscribed(&client, settings.choices(80));
    let end = End::default();
    scope(|scope| {
        let (client, goods, receiver, end) = (&client, &goods, &receiver, &end);
        let ending = Ending(end);
        scope.spawn(move || receiver.receive(scope, end));
        let writers = several(scope, WRITERS, |number| {
            orders::Writer::new(client, goods, number, settings.choices(number)).work(end)
        });
        let batchers = several(scope, BATCHERS, |number| batches::send(client, end, settings.choices(20 + number)));
        let readers = several(scope, READERS, |number| readers::read(client, end, settings.choices(50 + number)));
        let kills = rage(site, settings.duration, settings.choices(100));
        end.stop.store(true, Ordering::Relaxed);
        let mut history = History::default();
        for writer in writers {
            let (orders, refusals) = writer.join().unwrap();
            history.orders.extend(orders);
            history.refusals.extend(refusals);
        }
        for batcher in batchers {
            let (batches, refusals) = batcher.join().unwrap();
            history.batches.extend(batches);
            history.refusals.extend(refusals);
        }
        end.changes.get_or_init(|| Stored::read(&site.database()).changes.len());
        history.readers.extend(readers.into_iter().map(|reader| reader.join().unwrap()));
        history.deliveries = receiver.wait(site);
        drop(ending);
        (history, kills)
    })
}

fn several<'scope, 'e, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'e>,
    count: u64,
    work: impl Fn(u64) -> T + Clone + Send + 'scope,
) -> Vec<ScopedJoinHandle<'scope, T>> {
    let start = |number| {
        let work = work.clone();
        scope.spawn(move || work(number))
    };
    (0..count).map(start).collect()
}
