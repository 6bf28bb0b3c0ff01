//! Wakes the workers of other processes early, by LISTEN and NOTIFY. Nothing depends on it: workers look for jobs from
//! time to time anyhow.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::Stop;
use crate::db::Db;
use crate::error::Error;

const CALL: &str = "NOTIFY entrepot_job";

/// Between two looks for what others have sent.
const TICK: Duration = Duration::from_millis(10);
/// Without workers to wake: between two looks whether to stop.
const REST: Duration = Duration::from_secs(1);
/// Between two calls to others; one stands for all commits since the last.
const PAUSE: Duration = Duration::from_millis(5);

/// Passes the commits of this process on to others, and with `listen` theirs to this process, until the end is wished.
/// Listening takes a connection of its own.
pub fn ring(db: &Db, listen: bool, stop: &Stop) {
    let mut told = db.announced().count();
    while !stop.is_wished() {
        let rung = if listen { tell_and_listen(db, stop, &mut told) } else { tell(db, stop, &mut told) };
        if let Err(error) = rung {
            tracing::debug!(%error, "the queue's bell is silent for a moment");
            stop.sleep(REST);
        }
    }
}

/// `told`: how many announcements others know of.
fn tell(db: &Db, stop: &Stop, told: &mut u64) -> Result<(), Error> {
    while !stop.is_wished() {
        if db.announced().wait(*told, REST) {
            let count = db.announced().count();
            db.connection()?.batch_execute(CALL)?;
            *told = count;
            stop.sleep(PAUSE);
        }
    }
    Ok(())
}

fn tell_and_listen(db: &Db, stop: &Stop, told: &mut u64) -> Result<(), Error> {
    let mut conn = db.connection()?;
    let own: i32 = diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(&mut conn)?;
    conn.batch_execute("LISTEN entrepot_job")?;
    while !stop.is_wished() {
        if db.announced().wait(*told, TICK) {
            let count = db.announced().count();
            conn.batch_execute(CALL)?;
            *told = count;
            stop.sleep(PAUSE);
        }
        if called(&mut conn, own)? {
            // One more, which came from others.
            *told += 1;
            db.announced().give();
        }
    }
    Ok(())
}

/// Whether another process has committed jobs.
fn called(conn: &mut PgConnection, own: i32) -> QueryResult<bool> {
    let mut called = false;
    for notification in conn.notifications_iter() {
        called |= notification?.process_id != own;
    }
    Ok(called)
}
