//! A write's work in one transaction, and its answer, which is rendered before the COMMIT.
//!
//! Input: the [`Work`] that a plan has left to do. Output: the answer. With an idempotency key the answer is stored by
//! the same transaction, or comes from there; a refusal is stored by one of its own.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use diesel::pg::PgConnection;

use super::answer::Answer;
use super::call::Call;
use super::idempotency::{Claim, Conditions, Outcome, is_final};
use super::media_type::Profile;
use super::metrics;
use crate::error::{Error, Errors, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, NO_RELATED, RELATED_NOT_FOUND};

/// What a write has come to.
pub struct Done {
    pub answer: Answer,
    /// Whether users, roles or what else decides about rights has changed.
    pub rights_changed: bool,
}

impl Done {
    /// Done, with nothing to show.
    pub fn silently(rights_changed: bool) -> Done {
        Done { answer: Answer::new(StatusCode::NO_CONTENT), rights_changed }
    }
}

/// What only needs a transaction. It may be done again where nothing was committed.
type Run = Box<dyn FnMut(&mut PgConnection) -> Result<Done, Errors> + Send>;

/// A write that is understood and not done yet.
pub struct Work {
    run: Run,
    /// What is looked at before the answer of an earlier request with the same key is given.
    replay: Conditions,
}

impl Work {
    pub fn new(
        replay: Conditions,
        run: impl FnMut(&mut PgConnection) -> Result<Done, Errors> + Send + 'static,
    ) -> Work {
        Work { run: Box::new(run), replay }
    }
}

/// Does the work in one transaction and answers. `work`: or why the request was refused without one.
pub async fn transact(call: &Call, claim: Option<Claim>, work: Result<Work, Errors>) -> Result<HttpResponse, Errors> {
    let profile = call.profile;
    let Some(claim) = claim else {
        let done = match work {
            Ok(work) => call.app.db.transaction(work.run).await,
            Err(errors) => Err(errors),
        };
        return done.map(|done| committed(call, done)).map_err(|errors| by_profile(errors, profile));
    };
    let claim = Arc::new(claim);
    // A request that is refused unseen shows nothing but that.
    let work = work.unwrap_or_else(|errors| Work::new(Conditions::default(), move |_| Err(errors.clone())));
    let (mut run, conditions) = (work.run, Arc::new(work.replay));
    let outcome = {
        let (claim, conditions) = (claim.clone(), conditions.clone());
        let once = move |conn: &mut PgConnection| {
            claim.once(conn, &conditions, |conn| run(conn).map_err(|errors| by_profile(errors, profile)))
        };
        call.app.db.transaction(once).await
    };
    let outcome = match outcome {
        Err(errors) if is_final(&errors) => {
            let refusal = claim.refusal(&errors);
            let once = move |conn: &mut PgConnection| {
                claim.once(conn, &conditions, |_| Ok(Done { answer: refusal.clone(), rights_changed: false }))
            };
            call.app.db.transaction(once).await
        }
        outcome => outcome,
    };
    metrics::idempotent(match &outcome {
        Ok(Outcome::First(_)) => "first",
        Ok(Outcome::Replayed(_)) => "replayed",
        Err(errors) if errors.0.iter().any(|error| error.code == &IDEMPOTENCY_KEY_IN_USE) => "in-use",
        Err(errors) if errors.0.iter().any(|error| error.code == &IDEMPOTENCY_KEY_REUSED) => "reused",
        Err(_) => "failed",
    });
    Ok(match outcome? {
        Outcome::First(done) => committed(call, done),
        Outcome::Replayed(answer) => answer.respond(),
    })
}

/// The answer of what is committed. Rights that it has changed are felt at once in this process.
fn committed(call: &Call, done: Done) -> HttpResponse {
    if done.rights_changed {
        call.app.auth.callers.clear();
    }
    done.answer.respond()
}

/// In the strict profile the specification's 404 for a related record that does not exist, instead of the contract's 400.
fn by_profile(errors: Errors, profile: Profile) -> Errors {
    if !profile.strict {
        return errors;
    }
    let strict = |mut error: Error| {
        if error.code == &NO_RELATED {
            error.code = &RELATED_NOT_FOUND;
        }
        error
    };
    Errors(errors.0.into_iter().map(strict).collect())
}
