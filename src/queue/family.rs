//! Jobs that others depend on: a root and its children, and jobs that start when another has ended (contract 28).
//!
//! A root counts its children. It runs until its own part and all of them have ended, and then it is a success if all of
//! them were. Rows of families are kept until they are cleaned away; rows of other jobs go when their work is done.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};

use super::Status;
use crate::db;
use crate::error::Error;
use crate::schema::job;

/// How far a job is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub status: Status,
    pub children: u32,
    /// How many of them have not ended.
    pub left: u32,
    /// How many of them ended without success.
    pub failed: u32,
    pub last_error: Option<String>,
}

impl Progress {
    /// From 0 to 1.
    pub fn part(&self) -> f64 {
        match (self.status.is_over(), self.children) {
            (true, _) => 1.0,
            (false, 0) => 0.0,
            (false, children) => f64::from(children - self.left.min(children)) / f64::from(children),
        }
    }
}

/// How far a job is; `None`: there is none of that id, or it has ended and its row was not kept.
pub fn progress(conn: &mut PgConnection, id: i64) -> QueryResult<Option<Progress>> {
    let row: Option<(String, i32, i32, i32, Option<String>)> = job::table
        .find(id)
        .select((job::status, job::children, job::children_left, job::children_failed, job::last_error))
        .first(conn)
        .optional()?;
    Ok(row.and_then(|(status, children, left, failed, last_error)| {
        let [children, left, failed] = [children, left, failed].map(|number| u32::try_from(number).unwrap_or(0));
        Some(Progress { status: Status::parse(&status)?, children, left, failed, last_error })
    }))
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    root_id: Option<i64>,
    #[diesel(sql_type = Text)]
    status: String,
}

impl Ended {
    fn is_over(&self) -> bool {
        Status::parse(&self.status).is_some_and(Status::is_over)
    }
}

/// Jobs below a root from now on.
pub(super) fn add_children(conn: &mut PgConnection, root: i64, count: usize) -> Result<(), Error> {
    let added = diesel::sql_query(
        "UPDATE job SET kept = true, children = children + $2, children_left = children_left + $2
         WHERE id = $1 AND root_id IS NULL AND status IN ('new', 'running', 'failed_redelivered')",
    )
    .bind::<BigInt, _>(root)
    .bind::<Integer, _>(i32::try_from(count).unwrap_or(i32::MAX))
    .execute(conn)?;
    match added {
        0 => Err(Error::internal(format!("job {root} takes no children: it is gone, over, or a child itself"))),
        _ => Ok(()),
    }
}

/// Whether that job has yet to end. If so, its row stays until then, and its end waits for this transaction.
pub(super) fn follow(conn: &mut PgConnection, other: i64) -> QueryResult<bool> {
    let unended = "UPDATE job SET kept = true WHERE id = $1 AND ended_at IS NULL";
    Ok(diesel::sql_query(unended).bind::<BigInt, _>(other).execute(conn)? > 0)
}

/// Children that ended without success run again, and so their roots: one of these ids for each child.
pub(super) fn revive(conn: &mut PgConnection, roots: &[i64]) -> QueryResult<usize> {
    diesel::sql_query(
        "WITH revived AS (SELECT root, count(*)::integer AS children FROM unnest($1) AS root GROUP BY root),
              locked AS (SELECT id FROM job WHERE id IN (SELECT root FROM revived) ORDER BY id FOR NO KEY UPDATE)
         UPDATE job SET children_left = children_left + revived.children,
                children_failed = children_failed - revived.children, ended_at = NULL,
                status = CASE WHEN ended_at IS NULL THEN status ELSE 'running' END
         FROM revived, locked WHERE job.id = revived.root AND locked.id = job.id",
    )
    .bind::<Array<BigInt>, _>(roots)
    .execute(conn)
}

/// Completes jobs that the transaction holds.
pub(super) fn succeed(conn: &mut PgConnection, ids: &[i64]) -> QueryResult<()> {
    let gone: Vec<i64> = diesel::delete(job::table.filter(job::id.eq_any(ids).and(job::kept.eq(false))))
        .returning(job::id)
        .get_results(conn)?;
    if gone.len() == ids.len() {
        return Ok(());
    }
    let kept: Vec<i64> = ids.iter().copied().filter(|id| !gone.contains(id)).collect();
    end(conn, &kept, None)
}

/// Ends jobs whose rows stay: as a success, or without success for that reason.
pub(super) fn end(conn: &mut PgConnection, ids: &[i64], failure: Option<(Status, &str)>) -> QueryResult<()> {
    // A root goes on until its last child has ended, unless it is given up.
    let given_up = matches!(failure, Some((Status::Cancelled | Status::Stale, _)));
    let ended: Vec<Ended> = diesel::sql_query(
        "UPDATE job SET worker_id = NULL, delayed_until = NULL, last_error = $2,
                status = CASE WHEN children_left > 0 AND NOT $4 THEN 'running'
                              WHEN $3 = 'success' AND children_failed > 0 THEN 'failed' ELSE $3 END,
                ended_at = CASE WHEN children_left > 0 AND NOT $4 THEN NULL ELSE now() END
         WHERE id = ANY($1) RETURNING id, root_id, status",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Nullable<Text>, _>(failure.map(|(_, reason)| reason))
    .bind::<Text, _>(failure.map_or(Status::Success, |(status, _)| status).as_str())
    .bind::<diesel::sql_types::Bool, _>(given_up)
    .load(conn)?;
    let mut over: Vec<i64> = ended.iter().filter(|job| job.is_over()).map(|job| job.id).collect();
    let mut roots: Vec<i64> = ended.iter().filter(|job| job.is_over()).filter_map(|job| job.root_id).collect();
    // In the order of their ids, so that two transactions that end children of two roots do not deadlock.
    roots.sort_unstable();
    while let Some(&root) = roots.first() {
        let children = roots.iter().take_while(|id| **id == root).count();
        roots.drain(..children);
        if child_ended(conn, root, children, failure.is_some())? {
            over.push(root);
        }
    }
    start_followers(conn, &over)
}

/// Counts children that have ended. The answer: whether the root has ended with them.
fn child_ended(conn: &mut PgConnection, root: i64, children: usize, failed: bool) -> QueryResult<bool> {
    let children = i32::try_from(children).unwrap_or(i32::MAX);
    let over: Vec<Ended> = diesel::sql_query(
        "WITH counted AS (
             SELECT id, children_left - $2 AS remaining, children_failed + $3 AS failed,
                    status = 'running' AND worker_id IS NULL AND children_left = $2 AS over
             FROM job WHERE id = $1 FOR NO KEY UPDATE
         )
         UPDATE job SET children_left = remaining, children_failed = failed,
                status = CASE WHEN NOT over THEN status
                              WHEN failed > 0 OR last_error IS NOT NULL THEN 'failed' ELSE 'success' END,
                ended_at = CASE WHEN over THEN now() ELSE ended_at END
         FROM counted WHERE job.id = counted.id RETURNING job.id, job.root_id, job.status",
    )
    .bind::<BigInt, _>(root)
    .bind::<Integer, _>(children)
    .bind::<Integer, _>(if failed { children } else { 0 })
    .load(conn)?;
    Ok(over.iter().any(Ended::is_over))
}

fn start_followers(conn: &mut PgConnection, ended: &[i64]) -> QueryResult<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let start = "UPDATE job SET delayed_until = NULL WHERE after_id = ANY($1)";
    let started = diesel::sql_query(start).bind::<Array<BigInt>, _>(ended).execute(conn)?;
    if started > 0 {
        db::announce();
    }
    Ok(())
}

/// Cancels a job that has not ended, and all jobs below it: what waits does not start, and what runs is rolled back at
/// its end. The answer: whether there was such a job.
pub fn cancel(conn: &mut PgConnection, id: i64) -> QueryResult<bool> {
    give_up(conn, id, Status::Cancelled, "It was cancelled.")
}

/// Ends a job that has not ended and all jobs below it.
pub(super) fn give_up(conn: &mut PgConnection, id: i64, status: Status, reason: &str) -> QueryResult<bool> {
    // Children before their root, as whoever ends a child does.
    let children = job::table.filter(job::root_id.eq(id).and(job::ended_at.is_null())).select(job::id);
    children.order(job::id).for_no_key_update().load::<i64>(conn)?;
    let own = job::table.filter(job::id.eq(id).and(job::ended_at.is_null())).select(job::id);
    let own: Vec<i64> = own.for_no_key_update().load(conn)?;
    if own.is_empty() {
        return Ok(false);
    }
    // Now nobody adds another one.
    let children: Vec<i64> = children.load(conn)?;
    end(conn, &children, Some((status, reason)))?;
    end(conn, &own, Some((status, reason)))?;
    Ok(true)
}
