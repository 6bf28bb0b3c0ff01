//! The last job of an operation: it runs when its split and all of its chunks have ended, however they ended, and sees to
//! it that the operation ends too.

use std::time::Duration;

use chrono::Utc;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::write_operation_chunk::QUEUE;
use crate::app::App;
use crate::error::{ASYNC_OPERATION, Error};
use crate::operation::results::{Tried, all_failed, settle};
use crate::operation::{Operation, Status, chunk, ending, metrics, unreadable};
use crate::queue::{self, Failed, Job, Run};

#[derive(Debug, Serialize, Deserialize)]
pub struct FinishOperation {
    pub operation: i64,
    /// The job that split it.
    pub split: i64,
}

impl Job for FinishOperation {
    const NAME: &'static str = "operation.finish";
    const QUEUE: &'static str = QUEUE;

    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        let organization = run.organization().ok_or_else(|| Failed::never("An operation has an organization."))?;
        let load = |conn: &mut PgConnection| Operation::load(conn, organization, self.operation);
        let Some(operation) = app.db.run_now(load)? else { return Ok(()) };
        if !operation.has_ended() && operation.chunks.is_some() {
            for number in app.db.run_now(|conn| chunk::undone(conn, &operation))? {
                match run.step(|conn| Ok(give_up(conn, app, &operation, number)?)) {
                    Err(Failed::Again(errors)) if unreadable::is(&errors) => {
                        return unreadable::settle(run, &operation, self, None, &errors);
                    }
                    result => result?,
                }
            }
        }
        run.complete(|conn| {
            if operation.chunks.is_some() {
                ending::end(conn, &operation, Status::Success, Utc::now())?;
            } else if !operation.has_ended() {
                let reason = self.why_not_split(conn)?;
                ending::fail(conn, &operation, &reason, Utc::now())?;
            }
            Ok(ending::forget_unwritten(conn, &operation)?)
        })?;
        if let Some(summary) = app.db.run_now(|conn| ending::summary(conn, &operation))? {
            metrics::ended(&summary);
            summary.log();
        }
        Ok(())
    }
}

impl FinishOperation {
    fn why_not_split(&self, conn: &mut PgConnection) -> Result<Error, Error> {
        let reason = queue::progress(conn, self.split)?.and_then(|job| job.last_error).unwrap_or_default();
        tracing::error!(operation = self.operation, reason, "an operation could not be split");
        Ok(Error::new(&ASYNC_OPERATION, "The server could not read the request's body; its log has the details."))
    }
}

/// Ends a chunk whose job died again and again before it could say why.
fn give_up(conn: &mut PgConnection, app: &App, operation: &Operation, number: i32) -> Result<(), Error> {
    let Some(chunk) = chunk::take(conn, &app.auth.server, operation, number)? else { return Ok(()) };
    let reason = Error::new(&ASYNC_OPERATION, "The server could not write the record; its log has the details.");
    let results = all_failed(&chunk, &reason);
    settle(conn, app, operation, Tried { number, chunk: &chunk, results: &results }, (Utc::now(), Duration::ZERO))
}
