//! Jobs into the table, in the caller's transaction.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, SmallInt, Text};
use serde_json::Value;

use super::registry::seconds;
use super::{Job, Once, Options, Status, family};
use crate::db;
use crate::error::Error;
use crate::schema::job;

/// What came of [`enqueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    pub id: i64,
    /// False: there was such a job already, and that is its id.
    pub new: bool,
}

/// Enqueues a job for an organization, or for the system; it can start when the transaction has committed.
pub fn enqueue<J: Job>(
    conn: &mut PgConnection,
    organization: Option<i64>,
    job: &J,
    options: &Options<'_>,
) -> Result<Enqueued, Error> {
    loop {
        if let Some(&id) = insert(conn, organization, std::slice::from_ref(job), options)?.first() {
            return Ok(Enqueued { id, new: true });
        }
        if let Some(id) = hindrance::<J>(conn, organization, options.once)? {
            return Ok(Enqueued { id, new: false });
        }
        // The job that was in the way has started or ended meanwhile.
    }
}

/// Enqueues many jobs of a kind at once, and answers their ids in the same order. `once` is left out of account.
pub fn enqueue_all<J: Job>(
    conn: &mut PgConnection,
    organization: Option<i64>,
    jobs: &[J],
    options: &Options<'_>,
) -> Result<Vec<i64>, Error> {
    insert(conn, organization, jobs, &Options { once: Once::Always, ..*options })
}

const INSERT: &str = "
    INSERT INTO job (organization_id, queue, name, payload, priority, max_attempts, stale_after, delayed_until,
                     root_id, kept, after_id, waiting_key, active_key)
    SELECT $1, $2, $3, payload, $5, $6, $7,
           CASE WHEN $8 THEN 'infinity' WHEN $9 > 0 THEN now() + $9 * interval '1 second' END,
           $10, $10 IS NOT NULL, $11, $12, $13
    FROM unnest($4) WITH ORDINALITY AS given (payload, place) ORDER BY place
    ON CONFLICT DO NOTHING RETURNING id";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn insert<J: Job>(
    conn: &mut PgConnection,
    organization: Option<i64>,
    jobs: &[J],
    options: &Options<'_>,
) -> Result<Vec<i64>, Error> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let payloads: Vec<Value> = jobs
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::internal(format!("a {} job cannot be written as JSON: {error}", J::NAME)))?;
    let (waiting_key, active_key) = match options.once {
        Once::Always => (None, None),
        Once::WhileWaiting(key) => (Some(key), None),
        Once::WhileActive(key) => (None, Some(key)),
    };
    let waits = match options.after {
        Some(other) => family::follow(conn, other)?,
        None => false,
    };
    let rows: Vec<Id> = diesel::sql_query(INSERT)
        .bind::<Nullable<BigInt>, _>(organization)
        .bind::<Text, _>(J::QUEUE)
        .bind::<Text, _>(J::NAME)
        .bind::<Array<Jsonb>, _>(&payloads)
        .bind::<SmallInt, _>(options.priority as i16)
        .bind::<Integer, _>(i32::from(J::ATTEMPTS))
        .bind::<Nullable<Integer>, _>(J::STALE_AFTER.map(seconds))
        .bind::<Bool, _>(waits)
        .bind::<Double, _>(options.delay.as_secs_f64())
        .bind::<Nullable<BigInt>, _>(options.root)
        .bind::<Nullable<BigInt>, _>(options.after)
        .bind::<Nullable<Text>, _>(waiting_key)
        .bind::<Nullable<Text>, _>(active_key)
        .load(conn)?;
    if let (Some(root), false) = (options.root, rows.is_empty()) {
        family::add_children(conn, root, rows.len())?;
    }
    db::announce();
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The job that has the key. One that waits is locked: it starts after this transaction, and sees what it has written.
fn hindrance<J: Job>(conn: &mut PgConnection, organization: Option<i64>, once: Once<'_>) -> QueryResult<Option<i64>> {
    let same = job::table
        .filter(job::organization_id.is_not_distinct_from(organization))
        .filter(job::name.eq(J::NAME))
        .select(job::id);
    match once {
        Once::Always => Ok(None),
        Once::WhileWaiting(key) => same
            .filter(job::waiting_key.eq(key).and(job::status.eq(Status::New.as_str())))
            .for_update()
            .first(conn)
            .optional(),
        Once::WhileActive(key) => {
            let active = [Status::New, Status::FailedRedelivered, Status::Running].map(Status::as_str);
            same.filter(job::active_key.eq(key).and(job::status.eq_any(active))).first(conn).optional()
        }
    }
}
