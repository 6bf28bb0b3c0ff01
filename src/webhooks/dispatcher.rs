//! Sends what is due: claims deliveries, makes many attempts at the same time, records what they have come to.
//!
//! A service that may run in any number of processes. A message is sent at least once: an attempt whose outcome was not
//! recorded, since the process died, is repeated under the same message id when its claim has run out.

pub mod attempt;
pub mod claim;
mod fault;
pub mod outcome;
pub mod record;
pub mod sweep;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::pg::PgConnection;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use uuid::Uuid;

use self::attempt::Sender;
use self::claim::Claimed;
use self::outcome::Verdict;
use self::record::Finished;
use super::destination::{self, Lookup};
use super::sight::{self, Parted};
use super::{gone, metrics};
use crate::app::App;
use crate::db::Complaint;
use crate::error::{Error, Errors};
use crate::queue::Stop;

/// Between two looks for what is due, where no commit of this process wakes the dispatcher earlier.
const POLL: Duration = Duration::from_millis(250);
/// Between two looks for such a commit.
const TICK: Duration = Duration::from_millis(10);
/// Between two looks for what nobody asks for any more.
const SWEEP: Duration = Duration::from_secs(30);
/// After a failure of the database.
const REST: Duration = Duration::from_secs(1);
/// How long attempts under way may take when the end is wished; what is not over then is sent again by others.
const FAREWELL: Duration = Duration::from_secs(3);

/// The service.
pub fn run(app: &Arc<App>, stop: &Stop) -> Result<(), Errors> {
    run_with(app, stop, destination::system())
}

/// The service, with a resolver of names.
pub fn run_with(app: &Arc<App>, stop: &Stop, lookup: Lookup) -> Result<(), Errors> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let sender = Sender::new(&app.config.webhooks, lookup);
    let mut dispatcher = Dispatcher {
        app,
        claim: Uuid::new_v4(),
        running: FuturesUnordered::new(),
        busy: HashMap::new(),
        finished: Vec::new(),
        removals: FuturesUnordered::new(),
    };
    runtime.block_on(async {
        let (mut seen, mut looked, mut swept) = (0, None, None::<Instant>);
        let complaint = Complaint::default();
        while !stop.is_wished() {
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
                dispatcher.sweep().await;
                swept = Some(Instant::now());
            }
            let commits = app.db.announced().count();
            let due = looked.is_none_or(|looked: Instant| looked.elapsed() >= POLL) || commits != seen;
            if due || !dispatcher.finished.is_empty() {
                (seen, looked) = (commits, Some(Instant::now()));
                if let Err(error) = dispatcher.turn(&sender).await {
                    if complaint.is_due() {
                        tracing::warn!(%error, "webhooks are not sent for a moment");
                    }
                    tokio::time::sleep(REST).await;
                }
            }
            dispatcher.wait(stop).await;
        }
        dispatcher.leave().await
    })
}

/// The loop's state. The attempts under way borrow the sender and the server's key.
struct Dispatcher<'d> {
    app: &'d Arc<App>,
    /// What claims of this dispatcher are marked with.
    claim: Uuid,
    running: FuturesUnordered<LocalBoxFuture<'d, Finished>>,
    /// How many of them go to each endpoint.
    busy: HashMap<i64, usize>,
    /// Attempts that are over and not recorded yet.
    finished: Vec<Finished>,
    /// Subscriptions whose receivers are gone, while they are deleted: that waits for whoever writes under them.
    removals: FuturesUnordered<BoxFuture<'d, ()>>,
}

impl<'d> Dispatcher<'d> {
    /// Records what is over and begins what is due, in one transaction.
    async fn turn(&mut self, sender: &'d Sender) -> Result<(), Errors> {
        let (app, claim) = (self.app.clone(), self.claim);
        let (finished, busy) = (self.finished.clone(), self.busy.clone());
        let free = app.config.webhooks.concurrency.saturating_sub(self.running.len());
        let work = move |conn: &mut PgConnection| -> Result<(u64, Parted), Error> {
            let settings = &app.config.webhooks;
            let given_up = record::all(conn, settings, claim, &finished)?;
            if free == 0 {
                return Ok((given_up, Parted::default()));
            }
            let claimed = claim::due(conn, settings, claim, &busy, free)?;
            let parted = sight::part(conn, claimed)?;
            record::withhold(conn, &parted.withheld)?;
            Ok((given_up, parted))
        };
        let (given_up, parted) = self.app.db.transaction(work).await?;
        metrics::given_up(given_up);
        metrics::withheld(parted.withheld.len() as u64);
        for one in std::mem::take(&mut self.finished) {
            if one.answer.verdict() == Verdict::Gone {
                self.removals.push(Box::pin(gone::remove(self.app, one.claimed)));
            }
        }
        for one in parted.permitted {
            if one.first {
                metrics::waited(Utc::now() - one.noted);
            }
            *self.busy.entry(one.endpoint).or_default() += 1;
            let app: &'d Arc<App> = self.app;
            let key = &app.auth.server;
            self.running.push(Box::pin(async move {
                let (answer, took) = sender.send(key, &one).await;
                Finished { claimed: one, answer, took }
            }));
        }
        Ok(())
    }

    /// Waits for attempts to be over, for a moment at most; takes all that are.
    async fn wait(&mut self, stop: &Stop) {
        tokio::select! {
            Some(finished) = self.running.next(), if !self.running.is_empty() => self.over(finished),
            Some(()) = self.removals.next(), if !self.removals.is_empty() => {}
            () = tokio::time::sleep(TICK) => {}
            () = stop.wished() => {}
        }
        while let Some(Some(finished)) = self.running.next().now_or_never() {
            self.over(finished);
        }
    }

    fn over(&mut self, finished: Finished) {
        let endpoint = finished.claimed.endpoint;
        if let Some(count) = self.busy.get_mut(&endpoint) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(&endpoint);
            }
        }
        metrics::attempt(finished.answer.verdict(), finished.took);
        self.finished.push(finished);
    }

    /// Once in a while: what nobody asks for any more.
    async fn sweep(&self) {
        if let Err(error) = self.try_sweep().await {
            tracing::warn!(%error, "old deliveries of webhooks were not cleaned up");
        }
    }

    async fn try_sweep(&self) -> Result<(), Error> {
        let more = |count: usize| count == sweep::MANY;
        loop {
            let app = self.app.clone();
            let given_up = self.app.db.transaction(move |conn| sweep::give_up(conn, &app.config.webhooks)).await?;
            metrics::given_up(given_up as u64);
            let app = self.app.clone();
            let cleaned = self.app.db.transaction(move |conn| sweep::clean(conn, &app.config.webhooks)).await?;
            let left_over = self.app.db.transaction(sweep::endpoints).await?;
            if !more(given_up) && !more(cleaned) && !more(left_over) {
                break;
            }
        }
        metrics::pending(self.app.db.run(sweep::pending).await?);
        Ok(())
    }

    /// Waits a little for what is under way, records it, and gives the rest back.
    async fn leave(&mut self) -> Result<(), Errors> {
        let end = Instant::now() + FAREWELL;
        while !self.running.is_empty() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            if let Ok(Some(finished)) = tokio::time::timeout(left, self.running.next()).await {
                self.over(finished);
            }
        }
        let (app, claim, finished) = (self.app.clone(), self.claim, std::mem::take(&mut self.finished));
        let gone: Vec<Claimed> = finished
            .iter()
            .filter(|one| one.answer.verdict() == Verdict::Gone)
            .map(|one| one.claimed.clone())
            .collect();
        let work = move |conn: &mut PgConnection| -> Result<u64, Error> {
            let given_up = record::all(conn, &app.config.webhooks, claim, &finished)?;
            claim::release(conn, claim)?;
            Ok(given_up)
        };
        metrics::given_up(self.app.db.transaction(work).await?);
        self.removals
            .extend(gone.into_iter().map(|one| -> BoxFuture<'d, ()> { Box::pin(gone::remove(self.app, one)) }));
        let removals = async { while self.removals.next().await.is_some() {} };
        // A subscription that is left then goes at the next 410.
        let _ = tokio::time::timeout(FAREWELL, removals).await;
        Ok(())
    }
}
