//! The clients, and what they do while things are killed.

mod batches;
mod moves;
mod orders;
mod readers;
mod receiver;
mod together;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, scope};
use std::time::{Duration, Instant};

use crate::check::feed::shown;
use crate::client::Client;
use crate::history::{History, Sight};
use crate::monkey::{Kills, rage};
use crate::settings::Settings;
use crate::site::Site;
use crate::stored::{self, LIMITED, Stored};

const WRITERS: u64 = 3;
const BATCHERS: u64 = 1;
const MOVERS: u64 = 1;
/// How long the feed may take for the last changes, when nothing is killed any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tells the clients to come to an end, however the run ends.
#[derive(Default)]
struct End {
    /// Nothing new is to be begun.
    stop: AtomicBool,
    /// How many changes there are, when all writes are done.
    changes: OnceLock<Changes>,
    /// Nothing is waited for any more.
    is_there: AtomicBool,
}

/// How many changes each has to get.
#[derive(Default)]
struct Changes {
    all: usize,
    own: usize,
}

impl Changes {
    fn of(stored: &Stored) -> Changes {
        let to = |sight| {
            let seen = stored.changes.iter().filter(|change| shown(change, sight, stored.limited).is_some());
            seen.count()
        };
        Changes { all: to(Sight::Everything), own: to(Sight::Own) }
    }

    fn to(&self, sight: Sight) -> usize {
        match sight {
            Sight::Everything => self.all,
            Sight::Own => self.own,
        }
    }
}

impl End {
    fn is_near(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.changes.get_or_init(Changes::default);
        self.0.is_there.store(true, Ordering::Relaxed);
    }
}

/// Ends the clients when it is dropped.
struct Ending<'a>(&'a End);

/// Lets clients work until the killing is over and each is through with what it has begun.
pub fn run(site: &Site, settings: &Settings) -> (History, Kills) {
    let (client, limited) = (Client::new(site, "admin"), Client::new(site, LIMITED));
    let (goods, owners) = (orders::Goods::find(&client), moves::Owners::make(&client));
    let receiver = receiver::Receiver::subscribed(&client, settings.choices(80));
    let end = End::default();
    scope(|scope| {
        let (client, limited, goods, owners) = (&client, &limited, &goods, &owners);
        let (receiver, end) = (&receiver, &end);
        let ending = Ending(end);
        scope.spawn(move || receiver.receive(scope, end));
        let writers = several(scope, WRITERS, |number| {
            orders::Writer::new(client, goods, number, settings.choices(number)).work(end)
        });
        let batchers = several(scope, BATCHERS, |number| batches::send(client, end, settings.choices(20 + number)));
        let together = scope.spawn(move || together::send(client, end, settings.choices(30)));
        let movers =
            several(scope, MOVERS, |number| moves::work(client, owners, end, number, settings.choices(40 + number)));
        let readers = [(client, Sight::Everything, 50), (limited, Sight::Own, 52)].map(|(client, sight, part)| {
            let pages = scope.spawn(move || readers::read_pages(client, sight, end, settings.choices(part)));
            let events = scope.spawn(move || readers::follow_events(client, sight, end, settings.choices(part + 1)));
            [pages, events]
        });
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
        let (together, refusals) = together.join().unwrap();
        history.together.extend(together);
        history.refusals.extend(refusals);
        for mover in movers {
            let (moves, refusals) = mover.join().unwrap();
            history.moves.extend(moves);
            history.refusals.extend(refusals);
        }
        let start = Instant::now();
        while stored::unnumbered(&site.database()) > 0 && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        end.changes.get_or_init(|| Changes::of(&Stored::read(&site.database())));
        history.readers.extend(readers.into_iter().flatten().map(|reader| reader.join().unwrap()));
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
