//! What becomes of an operation whose stored records a server cannot read.
//!
//! What another key has sealed waits for a server that has it, and nothing is lost: the operation says so, and its job
//! comes again. What was altered ends the operation.

use std::time::Duration;

use chrono::Utc;

use super::{Operation, ending};
use crate::db::Failure;
use crate::error::{Error, Errors, SEALED_UNDER_ANOTHER_KEY, SEALED_VALUE_ALTERED};
use crate::queue::{self, Failed, Job, Options, Run};

/// After which a server with the right key may be there.
const PAUSE: Duration = Duration::from_secs(60);

/// Whether something stored could not be read.
pub fn is(errors: &Errors) -> bool {
    errors.has(&SEALED_UNDER_ANOTHER_KEY) || errors.has(&SEALED_VALUE_ALTERED)
}

/// Completes a job that could not read what it needs. `root`: below which it is done again.
pub fn settle<J: Job>(
    run: &Run<'_>,
    operation: &Operation,
    job: &J,
    root: Option<i64>,
    errors: &Errors,
) -> Result<(), Failed> {
    let reason = errors.0.first().cloned().unwrap_or_else(Error::contention);
    tracing::error!(operation = operation.id, "{}", reason.detail);
    run.complete(|conn| {
        if errors.has(&SEALED_UNDER_ANOTHER_KEY) {
            ending::tell_once(conn, operation, &reason)?;
            let again = Options { root, delay: PAUSE, ..Options::default() };
            queue::enqueue(conn, Some(operation.organization), job, &again)?;
        } else {
            ending::fail(conn, operation, &reason, Utc::now())?;
        }
        Ok(())
    })
}
