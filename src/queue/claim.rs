//! Jobs from the table to a worker, and back when it does not come to them.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text};
use serde_json::Value;

use super::Registry;
use crate::schema::job;

/// A job that a worker holds.
#[derive(Clone, Debug, QueryableByName)]
pub struct Claimed {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub organization_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
    /// Of this start: 1 is the first.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Integer)]
    pub max_attempts: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub root_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_error: Option<String>,
}

impl Claimed {
    /// What tells this claim from every other one: the worker's registration comes to it.
    pub fn token(&self) -> Token {
        Token { id: self.id, attempt: self.attempts }
    }
}

/// A claim that a worker holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: i64,
    pub attempt: i32,
}

/// Which jobs to claim.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    /// The most urgent and oldest of a queue, as the index `job_ready_idx` has them.
    Of(&'a str),
    /// Those of these ids.
    These(&'a [i64]),
}

const READY: &str = "
    SELECT id, organization_id, name, payload, attempts + 1 AS attempts, max_attempts, root_id, last_error FROM job
    WHERE status IN ('new', 'failed_redelivered') AND delayed_until IS NULL AND name = ANY($2)";
const IN_ORDER: &str = "ORDER BY priority DESC, id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED";

const TAKE: &str = "
    UPDATE job SET status = 'running', worker_id = $1, attempts = attempts + 1, started_at = now(), published_at = NULL
    WHERE id = ANY($2)";

/// What a worker has claimed, and the ids of what it has left to others.
pub struct Claim {
    pub jobs: Vec<Claimed>,
    pub left: Vec<i64>,
}

/// Claims up to `limit` jobs that are ready: one of a kind that runs by itself, or several of kinds that are run in
/// groups. `held` is told of them before they can be seen to be claimed.
pub fn claim(
    conn: &mut PgConnection,
    worker: i64,
    registry: &Registry,
    which: Which<'_>,
    limit: usize,
    held: impl Fn(&[Claimed]),
) -> QueryResult<Claim> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut ready: Vec<Claimed> = match which {
        Which::Of(queue) => diesel::sql_query(format!("{READY} AND queue = $1 {IN_ORDER}"))
            .bind::<Text, _>(queue)
            .bind::<Array<Text>, _>(registry.names(queue))
            .bind::<BigInt, _>(limit)
            .load(conn)?,
        Which::These(ids) => diesel::sql_query(format!("{READY} AND id = ANY($1) {IN_ORDER}"))
            .bind::<Array<BigInt>, _>(ids)
            .bind::<Array<Text>, _>(registry.all_names())
            .bind::<BigInt, _>(limit)
            .load(conn)?,
    };
    let grouped = |claimed: &Claimed| registry.get(&claimed.name).is_some_and(|entry| entry.grouped);
    let together = ready.iter().take_while(|claimed| grouped(claimed)).count();
    let left = ready.split_off(together.max(1).min(ready.len())).iter().map(|job| job.id).collect();
    if !ready.is_empty() {
        held(&ready);
        let ids: Vec<i64> = ready.iter().map(|claimed| claimed.id).collect();
        diesel::sql_query(TAKE).bind::<BigInt, _>(worker).bind::<Array<BigInt>, _>(ids).execute(conn)?;
    }
    Ok(Claim { jobs: ready, left })
}

/// Locks those of the claims that the worker still holds, until the transaction ends: nobody can take them over now.
pub fn hold(conn: &mut PgConnection, worker: i64, tokens: &[Token]) -> QueryResult<Vec<Token>> {
    let ids = tokens.iter().map(|token| token.id);
    let mine = job::table
        .filter(job::id.eq_any(ids.collect::<Vec<i64>>()).and(job::worker_id.eq(worker)))
        .select((job::id, job::attempts))
        .for_no_key_update();
    let held: Vec<(i64, i32)> = mine.load(conn)?;
    Ok(tokens.iter().copied().filter(|token| held.contains(&(token.id, token.attempt))).collect())
}

/// Gives claims back that were not begun, or not to an end that is known: as if they had not been made.
pub fn give_back(conn: &mut PgConnection, worker: i64, tokens: &[Token]) -> QueryResult<usize> {
    let ids: Vec<i64> = hold(conn, worker, tokens)?.into_iter().map(|token| token.id).collect();
    // A job of the same key may have been enqueued since: the key is for those that have not been started.
    diesel::sql_query(
        "UPDATE job SET worker_id = NULL, attempts = attempts - 1, waiting_key = NULL,
                status = CASE WHEN attempts > 1 THEN 'failed_redelivered' ELSE 'new' END
         WHERE id = ANY($1)",
    )
    .bind::<Array<BigInt>, _>(ids)
    .execute(conn)
}
