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
use crate::feed::heads::Waiter;
use crate::feed::page::{self, Place};
use crate::http::address;
use crate::http::call::Call;
use crate::http::connection::Stage;
use crate::http::extract;

/// A caller is taken for unchanged as long as everywhere else.
const FRESH: Duration = crate::auth::callers::FRESH;

/// Where a reader stands, and who it is.
pub struct Follower {
    pub app: Data<App>,
    registry: Arc<Registry>,
    view: View,
    pub asked: Arc<Asked>,
    pub place: Place,
    caller: Arc<Caller>,
    renewal: Renewal,
    waiter: Option<Waiter>,
    stage: watch::Receiver<Stage>,
}

/// How the caller is told again, while the request goes on.
struct Renewal {
    authorization: Option<String>,
    address: Option<IpAddr>,
    told: Instant,
}

/// One look.
pub struct Look {
    pub shown: Shown,
    /// Where to go on.
    pub position: i64,
    pub head: i64,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    Change,
    Time,
    /// The server is about to stop.
    Stop,
}

impl Follower {
    pub fn new(request: &HttpRequest, call: Call, asked: Asked, place: Place) -> Follower {
        let authorization = extract::credentials(request).authorization.filter(|header| is_bearer(header));
        Follower {
            renewal: Renewal {
                authorization: authorization.map(str::to_owned),
                address: address::of(request, &call.app),
                told: Instant::now(),
            },
            stage: call.app.connections.stages(),
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
        let waiter = self.app.heads.wait(self.organization());
        self.waiter = Some(waiter.ok_or_else(too_many)?);
        Ok(())
    }

    /// Reads what there is at the place, and goes on behind it.
    pub async fn look(&mut self) -> Result<Look, Errors> {
        let (asked, place, caller) = (self.asked.clone(), self.place, self.caller.clone());
        let (registry, view) = (self.registry.clone(), self.view.clone());
        let work = move |conn: &mut PgConnection| {
            let wanted = asked.of_caller(&registry, &caller)?;
            let page = page::read(conn, &caller, &wanted, place, asked.size)?;
            let shown = show(conn, &caller, (&registry, &view), &asked, &page.changes)?;
            Ok::<_, Errors>(Look { shown, position: page.position, head: page.head })
        };
        // Those who were woken together take turns: other requests need connections too.
        let turn = match &self.waiter {
            Some(_) => self.app.readers.acquire().await.ok(),
            None => None,
        };
        let look = self.app.db.run(work).await?;
        drop(turn);
        self.place = Place::After(look.position);
        Ok(look)
    }

    /// Waits for a change behind the head, until the deadline at the latest.
    pub async fn wait(&mut self, head: i64, deadline: Instant) -> Woken {
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

    /// The moment at which the caller has to be told again.
    pub fn renewal_due(&self) -> Instant {
        self.renewal.told + FRESH
    }

    /// Tells the caller again, when that is due. The error is the 401 or 403 of one who may not call any more, or view
    /// anything of what is followed.
    pub async fn renew(&mut self) -> Result<(), Error> {
        if Instant::now() < self.renewal_due() {
            return Ok(());
        }
        let Some(authorization) = &self.renewal.authorization else { return Err(Error::unauthenticated()) };
        let headers = Headers { authorization: Some(authorization), wsse: None };
        let caller = self.app.auth.authenticate(&self.app.db, Api::Admin, headers).await?;
        address::check(&caller.networks, self.renewal.address)?;
        self.asked.of_caller(&self.registry, &caller)?;
        self.caller = caller;
        self.renewal.told = Instant::now();
        Ok(())
    }
}

fn is_bearer(header: &str) -> bool {
    header.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

fn too_many() -> Error {
    let text = "More requests wait for changes than this server takes on. Ask without \"wait\", or later.";
    let mut error = Error::new(&RATE_LIMITED, text);
    error.retry_after = Some(5);
    error
}
