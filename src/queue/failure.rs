//! What becomes of a job whose run failed: another start after a pause, or a dead letter.

use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};

use super::claim::{Token, hold};
use super::{Failed, Status, backoff, family};

/// Characters of an error that are kept.
const SHOWN: usize = 4_000;

/// What was made of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To be started again after that time.
    Again(Duration),
    /// A dead letter.
    Dead,
    /// The job was not this worker's any more.
    Lost,
}

/// Records the failure of a claim. `attempts_left`: whether the job may be started again.
pub fn record(
    conn: &mut PgConnection,
    worker: i64,
    token: Token,
    attempts_left: bool,
    failed: &Failed,
) -> QueryResult<Outcome> {
    if hold(conn, worker, &[token])?.is_empty() {
        return Ok(Outcome::Lost);
    }
    let pause = match failed {
        Failed::Lost => return Ok(Outcome::Lost),
        Failed::Never(_) => None,
        _ if !attempts_left => None,
        Failed::After(time, _) => Some(*time),
        Failed::Again(_) => Some(backoff::pause(token.attempt.unsigned_abs())),
    };
    let text: String = failed.to_string().chars().take(SHOWN).collect();
    match pause {
        Some(pause) => {
            again(conn, token.id, pause, &text)?;
            Ok(Outcome::Again(pause))
        }
        None => {
            family::end(conn, &[token.id], Some((Status::Failed, &text)))?;
            Ok(Outcome::Dead)
        }
    }
}

/// Has a job started again after that time. It loses its key for jobs that wait: another one may have it by now.
pub fn again(conn: &mut PgConnection, id: i64, pause: Duration, error: &str) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE job SET status = 'failed_redelivered', worker_id = NULL, waiting_key = NULL, last_error = $2,
                delayed_until = CASE WHEN $3 > 0 THEN now() + $3 * interval '1 second' END
         WHERE id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(error)
    .bind::<Double, _>(pause.as_secs_f64())
    .execute(conn)
}
