//! `Idempotency-Key`: a write that is sent again is not done again, and is answered as it was the first time.
//!
//! Input: the header of a POST, PATCH or DELETE, and a [`Fingerprint`] of the request. Output: a [`Claim`], under which
//! [`transact`](super::transact) does the work. The key belongs to the client, and to whom it acts as. The row of the
//! key is written by the transaction that makes the effect, so there is an answer exactly where there is an effect; it
//! is replayed for [`LIFETIME`], to whom its [`Conditions`] still let see it. Refusals (4xx) are stored too, failures
//! (5xx) are not.

mod fingerprint;
mod replay;
mod sealed;
mod store;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use chrono::{TimeDelta, Utc};
use diesel::pg::PgConnection;

pub use fingerprint::Fingerprint;
pub use replay::{Conditions, Right};
pub use store::sweep;

use super::answer::Answer;
use super::call::Call;
use super::trace;
use super::transact::Done;
use crate::acl::Caller;
use crate::app::App;
use crate::engine::registry::Registry;
use crate::error::{
    BAD_REQUEST, Error, Errors, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, INVALID_HEADER, QUOTA_EXCEEDED,
    RATE_LIMITED, REQUEST_TIMEOUT,
};

/// How long an answer is replayed.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The header's name, for errors.
const NAME: &str = "Idempotency-Key";
static HEADER: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The text of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a request, when it has one. 400 for what is none.
    pub fn of(request: &HttpRequest) -> Result<Option<Key>, Error> {
        let mut given = request.headers().get_all(&HEADER);
        let Some(value) = given.next() else { return Ok(None) };
        let text = value.to_str().unwrap_or_default();
        let printable = (1..=255).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !printable || given.next().is_some() {
            let text = "The header \"Idempotency-Key\" should be sent once, with 1 to 255 printable ASCII characters that \
                        no other request has, such as a UUID.";
            return Err(Error::new(&INVALID_HEADER, text).header(NAME));
        }
        Ok(Some(Key(text.to_owned())))
    }
}

/// A request's right to be the first with its key: what it is compared by, and whose it is.
pub struct Claim {
    app: Data<App>,
    caller: Arc<Caller>,
    registry: Arc<Registry>,
    key: Key,
    fingerprint: Vec<u8>,
    media_type: &'static str,
    request: String,
}

/// What came of a claim.
pub enum Outcome {
    /// The work was done, and its answer is stored.
    First(Done),
    /// The work had been done; this was its answer.
    Replayed(Answer),
}

impl Claim {
    /// `fingerprint` has seen the whole body.
    pub fn new(request: &HttpRequest, call: &Call, key: Key, fingerprint: Fingerprint) -> Claim {
        Claim {
            app: call.app.clone(),
            caller: call.caller.clone(),
            registry: call.registry.clone(),
            key,
            fingerprint: fingerprint.finish(),
            media_type: call.profile.media_type(),
            request: trace::request_id(request),
        }
    }

    /// The claim of a request whose body is at hand; `None` for one without a key.
    pub fn of(request: &HttpRequest, call: &Call, method: &Method, key: Option<Key>, body: &[u8]) -> Option<Claim> {
        let key = key?;
        let mut fingerprint = Fingerprint::begin(request, call, method);
        fingerprint.update(body);
        Some(Claim::new(request, call, key, fingerprint))
    }

    /// Does the work, unless the key has an answer already, and stores its answer. The caller has opened a transaction and
    /// commits it; an error undoes the claim as well.
    ///
    /// Errors: 409 while another transaction holds the key, 422 when the key is another request's, 403 when a right that
    /// the request needs is lost.
    pub fn once(
        &self,
        conn: &mut PgConnection,
        conditions: &Conditions,
        work: impl FnOnce(&mut PgConnection) -> Result<Done, Errors>,
    ) -> Result<Outcome, Errors> {
        if !store::claim(conn, self, Utc::now())? {
            let stored = self.stored(conn)?;
            let answer = conditions.apply(conn, &self.caller, &self.registry, stored)?;
            return Ok(Outcome::Replayed(answer.with(REPLAYED.clone(), "true")));
        }
        let done = work(conn)?;
        self.keep(conn, &done.answer)?;
        Ok(Outcome::First(done))
    }

    /// What a refusal of this request is answered with.
    pub fn refusal(&self, errors: &Errors) -> Answer {
        Answer::refusal(errors, self.media_type, &self.request)
    }

    fn stored(&self, conn: &mut PgConnection) -> Result<Answer, Errors> {
        // It may have been swept between the two statements.
        let stored = store::find(conn, self)?.ok_or_else(Error::contention)?;
        if stored.fingerprint != self.fingerprint {
            return Err(reused().into());
        }
        Ok(sealed::open(&self.app.auth.server, &self.purpose(), stored.answer)?)
    }

    fn keep(&self, conn: &mut PgConnection, answer: &Answer) -> Result<(), Errors> {
        let limit = self.app.config.http.stored_answer_limit;
        if answer.body.len() > limit {
            return Err(too_large(answer.body.len(), limit).into());
        }
        let sealed = sealed::seal(&self.app.auth.server, &self.purpose(), answer)?;
        Ok(store::keep(conn, self, sealed)?)
    }

    /// As whom the client acts.
    fn principal(&self) -> String {
        let (kind, id) = self.caller.principal.label();
        format!("{kind}:{id}")
    }

    /// What an encrypted answer is bound to.
    fn purpose(&self) -> String {
        let Claim { caller, key, .. } = self;
        format!("idempotency-key:{}:{}:{}:{}", caller.organization, caller.client, self.principal(), key.0)
    }
}

/// Whether a refusal is the request's last word: neither about its key nor about the moment at which it came.
pub fn is_final(errors: &Errors) -> bool {
    let passing = [&IDEMPOTENCY_KEY_IN_USE, &IDEMPOTENCY_KEY_REUSED, &QUOTA_EXCEEDED, &RATE_LIMITED, &REQUEST_TIMEOUT];
    let client = StatusCode::from_u16(errors.status()).is_ok_and(|status| status.is_client_error());
    client && !errors.0.iter().any(|error| passing.contains(&error.code))
}

/// The first request with the key is still under way.
fn in_use() -> Error {
    let text = "The first request with this Idempotency-Key is still under way. Repeat the request in a moment: it is \
                answered as that one is.";
    let mut error = Error::new(&IDEMPOTENCY_KEY_IN_USE, text).header(NAME);
    error.retry_after = Some(1);
    error
}

fn reused() -> Error {
    let text = "This Idempotency-Key was sent before, with another method, path, query or body. Send another request \
                with a key of its own, and the same request with the same bytes.";
    Error::new(&IDEMPOTENCY_KEY_REUSED, text).header(NAME)
}

fn too_large(size: usize, limit: usize) -> Error {
    let text = format!(
        "The answer has {size} bytes, and no more than {limit} are kept for an Idempotency-Key; nothing was changed. \
         Ask for less by \"include\" and \"fields\", or send fewer records at once."
    );
    Error::new(&BAD_REQUEST, text).header(NAME)
}
