//! One chunk of an operation, written with the rights that its sender has now.
//!
//! One transaction writes the records, tells what became of each, counts them and completes the job: a worker that dies
//! leaves the chunk as it was, and no chunk is written twice.

use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use crate::acl::Caller;
use crate::app::App;
use crate::auth::callers;
use crate::error::{ASYNC_OPERATION, Error, Errors};
use crate::operation::results::{Counts, Tried, all_failed, settle};
use crate::operation::{Operation, chunk, ending, metrics, unreadable, write};
use crate::queue::{Failed, Job, Run};

/// The queue of what operations need.
pub const QUEUE: &str = "operations";

/// How often a chunk is tried whose failure is not one that passes.
const TRIES: u32 = 3;

#[derive(Debug, Serialize, Deserialize)]
pub struct WriteOperationChunk {
    pub operation: i64,
    pub chunk: i32,
}

impl Job for WriteOperationChunk {
    const NAME: &'static str = "operation.chunk";
    const QUEUE: &'static str = QUEUE;

    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        let started = Instant::now();
        let organization = run.organization().ok_or_else(|| Failed::never("An operation has an organization."))?;
        let operation = app.db.run_now(|conn| Operation::load(conn, organization, self.operation))?;
        // Whoever cancels an operation does so between two chunks.
        let Some(operation) = operation.filter(|operation| !operation.has_ended()) else { return Ok(()) };
        match self.write(app, run, &operation, started) {
            Err(Failed::Again(errors)) if unreadable::is(&errors) => {
                unreadable::settle(run, &operation, self, run.root(), &errors)
            }
            Err(Failed::Again(errors)) if run.is_last_attempt() || (run.attempt() >= TRIES && !passes(&errors)) => {
                self.give_up(app, run, &operation, &errors)
            }
            result => result,
        }
    }
}

/// Whether an error is one that another try may not meet.
fn passes(errors: &Errors) -> bool {
    errors.status() == 503
}

impl WriteOperationChunk {
    fn write(&self, app: &App, run: &Run<'_>, operation: &Operation, started: Instant) -> Result<(), Failed> {
        let acting = |conn: &mut PgConnection| {
            let Operation { organization, owner, client, .. } = operation;
            Ok::<_, Error>(callers::load_acting(conn, *organization, *owner, client)?)
        };
        let Some(caller) = app.db.run_now(acting)? else { return stop(run, operation) };
        let written = run.complete(|conn| {
            let attempt = Attempt { app, operation, caller: &caller, started };
            Ok(attempt.write(conn, self.chunk)?)
        })?;
        if let Some((counts, rights_changed)) = written {
            if rights_changed {
                app.auth.callers.clear();
            }
            self.tell(operation, counts, started.elapsed());
        }
        Ok(())
    }

    /// The chunk ends all the same, with an error for each of its records: an operation never hangs on one of its chunks.
    fn give_up(&self, app: &App, run: &Run<'_>, operation: &Operation, errors: &Errors) -> Result<(), Failed> {
        tracing::error!(operation = operation.id, chunk = self.chunk, %errors, "a chunk could not be written");
        let given_up = run.complete(|conn| {
            let Some(chunk) = chunk::take(conn, &app.auth.server, operation, self.chunk)? else { return Ok(None) };
            let reason = errors.0.first().cloned().unwrap_or_else(Error::contention);
            let results = all_failed(&chunk, &reason);
            let tried = Tried { number: self.chunk, chunk: &chunk, results: &results };
            settle(conn, app, operation, tried, (Utc::now(), Duration::ZERO))?;
            Ok(Some(results.counts()))
        })?;
        given_up.into_iter().for_each(|counts| self.tell(operation, counts, Duration::ZERO));
        Ok(())
    }

    fn tell(&self, operation: &Operation, counts: Counts, took: Duration) {
        metrics::chunk(&operation.entity_type, counts, took);
        let Counts { created, updated, unchanged, failed, .. } = counts;
        tracing::debug!(
            operation = operation.id,
            chunk = self.chunk,
            created,
            updated,
            unchanged,
            failed,
            milliseconds = took.as_millis(),
            "chunk written"
        );
    }
}

/// Ends an operation whose sender may not go on.
fn stop(run: &Run<'_>, operation: &Operation) -> Result<(), Failed> {
    let client = &operation.client;
    let text = format!(
        "The client \"{client}\" was revoked, or its user was disabled, while the operation ran. What was not written by \
         then was left alone."
    );
    let stopped = run.complete(|conn| {
        Ok(ending::fail(conn, operation, &Error::new(&ASYNC_OPERATION, text.as_str()), Utc::now())?)
    })?;
    if stopped {
        tracing::warn!(operation = operation.id, client, "operation stopped: its client or user is not good any more");
    }
    Ok(())
}

/// A chunk in its transaction.
struct Attempt<'a> {
    app: &'a App,
    operation: &'a Operation,
    caller: &'a Caller,
    started: Instant,
}

impl Attempt<'_> {
    /// Writes the chunk, unless that was done already. The answer: what became of its records, and whether rights of
    /// callers have changed.
    fn write(&self, conn: &mut PgConnection, number: i32) -> Result<Option<(Counts, bool)>, Errors> {
        let Attempt { app, operation, .. } = *self;
        let Some(chunk) = chunk::take(conn, &app.auth.server, operation, number)? else { return Ok(None) };
        let context = app.write_context(self.caller);
        let now = context.now;
        let (results, rights_changed) = write::records(conn, context, app, operation, &chunk)?;
        let took = self.started.elapsed();
        settle(conn, app, operation, Tried { number, chunk: &chunk, results: &results }, (now, took))?;
        Ok(Some((results.counts(), rights_changed)))
    }
}
