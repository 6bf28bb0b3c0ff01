//! The table as the outbox of a broker: what it has to be told, and what to tell it again.

use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, SmallInt, Text};

/// How many jobs are told at once.
const MANY: i64 = 500;

/// A job that the broker is to be told of.
#[derive(QueryableByName)]
pub struct Ready {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub queue: String,
    #[diesel(sql_type = SmallInt)]
    pub priority: i16,
}

/// Takes ready jobs of which the broker does not know, and marks them as told: whoever hears of one finds no lock on it.
/// They have to be told after the commit, or [`forget`] them.
pub fn take(conn: &mut PgConnection, queues: &[String]) -> QueryResult<Vec<Ready>> {
    diesel::sql_query(
        "UPDATE job SET published_at = now() WHERE id = ANY (ARRAY(
             SELECT id FROM job
             WHERE status IN ('new', 'failed_redelivered') AND delayed_until IS NULL AND published_at IS NULL
               AND queue = ANY ($1)
             ORDER BY priority DESC, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
         )) RETURNING id, queue, priority",
    )
    .bind::<Array<Text>, _>(queues)
    .bind::<BigInt, _>(MANY)
    .load(conn)
}

/// The broker was not told of these after all.
pub fn forget(conn: &mut PgConnection, ids: &[i64]) -> QueryResult<usize> {
    diesel::sql_query("UPDATE job SET published_at = NULL WHERE id = ANY ($1)")
        .bind::<Array<BigInt>, _>(ids)
        .execute(conn)
}

/// Jobs of the queue that are ready although the broker was told of them so long ago are told again, but for those whose
/// message this process has.
pub fn tell_again(conn: &mut PgConnection, queue: &str, age: Duration, here: &[i64]) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE job SET published_at = NULL
         WHERE status IN ('new', 'failed_redelivered') AND delayed_until IS NULL AND queue = $1
           AND published_at < now() - $2 * interval '1 second' AND NOT id = ANY ($3)",
    )
    .bind::<Text, _>(queue)
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<Array<BigInt>, _>(here)
    .execute(conn)
}
