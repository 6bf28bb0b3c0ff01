//! Removes jobs that have ended long ago: of families, and dead letters.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::queue::{Failed, Job, Run};

/// How many rows one transaction removes.
const MANY: i64 = 5_000;

/// Daily.
#[derive(Default, Serialize, Deserialize)]
pub struct CleanJobs {}

impl Job for CleanJobs {
    const NAME: &'static str = "queue.clean";

    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        let settings = &app.config.queue;
        for (dead, days) in [(false, Some(settings.keep_ended)), (true, settings.keep_dead)] {
            let Some(days) = days else { continue };
            while run.step(|conn| Ok(remove(conn, dead, days.as_secs_f64())?))? as i64 == MANY {}
        }
        Ok(())
    }
}

/// Ended jobs, dead letters or others, that ended so many seconds ago.
fn remove(conn: &mut PgConnection, dead: bool, seconds: f64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM job WHERE id = ANY (ARRAY(
             SELECT id FROM job WHERE ended_at < now() - $1 * interval '1 second'
             AND (status IN ('failed', 'stale') AND last_error IS NOT NULL) = $2
             ORDER BY ended_at LIMIT $3 FOR UPDATE SKIP LOCKED
         ))",
    )
    .bind::<Double, _>(seconds)
    .bind::<Bool, _>(dead)
    .bind::<BigInt, _>(MANY)
    .execute(conn)
}
