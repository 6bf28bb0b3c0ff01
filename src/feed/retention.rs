//! The end of a change: what is older than what is kept is removed, oldest first, so that a cursor is either good or
//! known to be too old.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};

use crate::app::App;
use crate::db::Db;
use crate::error::{Error, Errors};
use crate::queue::Stop;

/// The most rows of an organization that one transaction removes.
const PART: i64 = 5_000;
/// The longest time between two looks.
const PAUSE: Duration = Duration::from_secs(600);

/// Removes what is too old now and then. Every process may: what another one has removed is not there any more.
pub fn run(app: &Arc<App>, stop: &Stop) -> Result<(), Errors> {
    let kept = app.config.changes.retention;
    while !stop.sleep(PAUSE.min(kept / 20)) {
        let oldest = Utc::now() - TimeDelta::from_std(kept).map_err(Error::internal)?;
        while remove(&app.db, oldest)? > 0 && !stop.is_wished() {}
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Old {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = BigInt)]
    removed: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Removes a part of what was changed before `oldest`, of each organization; the answer is the number of rows.
pub fn remove(db: &Db, oldest: DateTime<Utc>) -> Result<usize, Error> {
    let old = db.run_now(|conn| Ok::<_, Error>(old(conn, oldest)?))?;
    let mut rows = 0;
    for old in old {
        rows += db.transaction_now(|conn| Ok::<_, Error>(remove_part(conn, &old)?))?;
    }
    Ok(rows)
}

/// Up to which position changes are old: up to the first that is not.
fn old(conn: &mut PgConnection, oldest: DateTime<Utc>) -> QueryResult<Vec<Old>> {
    diesel::sql_query(
        "SELECT feed.organization_id, feed.removed, part.last FROM change_feed feed, LATERAL (
            SELECT coalesce(min(position) FILTER (WHERE at >= $1) - 1, max(position)) AS last FROM change
            WHERE organization_id = feed.organization_id AND position > feed.removed AND position <= feed.removed + $2
        ) AS part WHERE part.last > feed.removed",
    )
    .bind::<Timestamptz, _>(oldest)
    .bind::<BigInt, _>(PART)
    .load(conn)
}

fn remove_part(conn: &mut PgConnection, old: &Old) -> QueryResult<usize> {
    let rows = diesel::sql_query("DELETE FROM change WHERE organization_id = $1 AND position > $2 AND position <= $3")
        .bind::<BigInt, _>(old.organization_id)
        .bind::<BigInt, _>(old.removed)
        .bind::<BigInt, _>(old.last)
        .execute(conn)?;
    // Last, since the sequencer waits for this row.
    diesel::sql_query("UPDATE change_feed SET removed = greatest(removed, $2) WHERE organization_id = $1")
        .bind::<BigInt, _>(old.organization_id)
        .bind::<BigInt, _>(old.last)
        .execute(conn)?;
    Ok(rows)
}
