//! A reader of the feed that goes on by itself: it looks, waits without a connection or a thread, and looks again.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Data;
use diesel::pg::PgConnection;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::asked::Asked;
use super::document::{Shown, show};
use crate::acl::Caller;
use crate::app::App;
use crate::auth::{Api, Headers};
use crate::engine::registry::Registry;
use crate::engine::render::View;
use crate::error::{Error, Errors, RATE_LIMITED};
use crate::feed::heads::{Full, Waiter};
use crate::feed::page::Place;
use crate::http::address;
use crate::http::call::Call;
use crate::http::connection::{Peer, Stage};
use crate::http::extract;

/// How often one who waits is asked for: whether its client is still there, and of a stream whether its caller may be.
/// What is known of a caller is four seconds old at most, and five are promised.
const RENEWAL: Duration = Duration::from_secs(1);
/// Seconds after which one who found no place may come again.
const RETRY_AFTER: u32 = 5;

/// Where a reader stands, and who it is.
pub struct Follower {
    pub app: Data<App>,
    registry: Arc<Registry>,
    view: View,
    pub asked: Arc<Asked>,
    pub place: Place,
    caller: Arc<Caller>,
    renewal: Renewal,
    /// Whether a first look was taken, with the caller of the request.
    begun: bool,
    waiter: Option<Waiter>,
    stage: watch::Receiver<Stage>,
    peer: Peer,
}

/// How the caller is told again, while the request goes on.
struct Renewal {
    authorization: Option<String>,
    address: Option<IpAddr>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    Change,
    Time,
    /// The server is about to stop, or the client has gone.
    Stop,
}

impl Follower {
    pub fn new(request: &HttpRequest, call: Call, asked: Asked, place: Place) -> Follower {
        let authorization = extract::credentials(request).authorization.filter(|header| is_bearer(header));
        Follower {
            renewal: Renewal {
                authorization: authorization.map(str::to_owned),
                address: address::of(request, &call.app),
            },
            begun: false,
            stage: call.app.connections.stages(),
            peer: Peer::of(request),
            app: call.app,
            registry: call.registry,
            view: call.view,
            asked: Arc::new(asked),
            place,
            caller: call.caller,
            waiter: None,
        }
    }

    pub fn organization(&self) -> i64 {
        self.caller.organization
    }

    /// Whether the caller can be told again. Credentials that are good for one request cannot.
    pub fn is_renewable(&self) -> bool {
        self.renewal.authorization.is_some()
    }

    /// Takes a place among those who wait: before the first look, so that nothing falls between. The error is 429.
    pub fn take_place(&mut self) -> Result<(), Error> {
        let waiter = self.app.heads.wait(self.organization(), &self.caller.client).map_err(full)?;
        self.waiter = Some(waiter);
        Ok(())
    }

    /// Reads what there is at the place, and goes on behind it. From the second time on the caller is told again before,
    /// so that nobody is shown what was changed after a right was lost.
    pub async fn look(&mut self) -> Result<Shown, Errors> {
        // Those who were woken together take turns: other requests need connections too. What the first of them learns
        // of a caller, the others know.
        let app = self.app.clone();
        let turn = match &self.waiter {
            Some(_) => app.readers.acquire().await.ok(),
            None => None,
        };
        if std::mem::replace(&mut self.begun, true) && self.is_renewable() {
            self.renew().await?;
        }
        let (asked, place, caller) = (self.asked.clone(), self.place, self.caller.clone());
        let (registry, view) = (self.registry.clone(), self.view.clone());
        let work = move |conn: &mut PgConnection| show(conn, &caller, (&registry, &view), &asked, place);
        let shown = self.app.db.run(work).await?;
        drop(turn);
        self.place = Place::After(shown.page.position);
        Ok(shown)
    }

    /// Waits for a change behind the head, until the deadline at the latest.
    pub async fn wait(&mut self, head: i64, deadline: Instant) -> Woken {
        loop {
            let woken = self.wait_briefly(head, deadline.min(Instant::now() + RENEWAL)).await;
            if woken != Woken::Time || Instant::now() >= deadline {
                return woken;
            }
            // The place is for those who are there.
            if self.peer.has_left() {
                return Woken::Stop;
            }
        }
    }

    async fn wait_briefly(&mut self, head: i64, deadline: Instant) -> Woken {
        let change = async {
            match &mut self.waiter {
                Some(waiter) => waiter.beyond(head).await,
                None => std::future::pending().await,
            }
        };
        let stage = &mut self.stage;
        tokio::select! {
            () = change => Woken::Change,
            () = sleep_until(deadline) => Woken::Time,
            _ = stage.wait_for(|stage| matches!(stage, Stage::Stopping(_))) => Woken::Stop,
        }
    }

    /// Whether the server has begun to stop: who has more to read goes on elsewhere.
    pub fn is_ending(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Stopping(_))
    }

    /// When an idle stream has to ask for its caller.
    pub fn renewal_due() -> Instant {
        Instant::now() + RENEWAL
    }

    /// Tells the caller again. The error is the 401 or 403 of one who may not call any more, or view anything of what is
    /// followed.
    pub async fn renew(&mut self) -> Result<(), Error> {
        let Some(authorization) = &self.renewal.authorization else { return Err(Error::unauthenticated()) };
        let headers = Headers { authorization: Some(authorization), wsse: None };
        let caller = self.app.auth.authenticate(&self.app.db, Api::Admin, headers).await?;
        address::check(&caller.networks, self.renewal.address)?;
        self.asked.of_caller(&self.registry, &caller)?;
        self.caller = caller;
        Ok(())
    }
}

fn is_bearer(header: &str) -> bool {
    header.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

fn full(full: Full) -> Error {
    let (whose, setting, limit) = match full {
        Full::Client(limit) => ("The client has", "changes.waiters_per_client", limit),
        Full::Organization(limit) => ("The organization has", "changes.waiters_per_organization", limit),
        Full::Process(limit) => ("The server has", "changes.waiters", limit),
    };
    let text = format!(
        "{whose} {limit} requests that wait for changes, as many as \"{setting}\" allows. Ask without \"wait\", or end one \
         of them before."
    );
    let mut error = Error::new(&RATE_LIMITED, text);
    error.retry_after = Some(RETRY_AFTER);
    error
}
