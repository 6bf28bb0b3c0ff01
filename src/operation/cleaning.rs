//! Which operations hang or are old, and their removal.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};

use super::body;
use crate::error::Error;
use crate::jobs::{finish_operation, split_operation, write_operation_chunk};
use crate::queue::Job;
use crate::schema::{async_operation, async_operation_chunk, async_operation_error, async_operation_included};

/// How many are looked at in one run.
const MANY: i64 = 1_000;

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Operations without progress since then, by organization and id. One that has a job left is not stuck: its turn, or that
/// of a worker to run it, is still to come.
const STALE: &str = "
    SELECT organization_id, id FROM async_operation AS operation
    WHERE status IN ('new', 'running') AND updated_at < $1 AND NOT EXISTS (
        SELECT FROM job WHERE job.organization_id = operation.organization_id AND job.name = ANY($2)
            AND job.ended_at IS NULL AND (job.payload ->> 'operation')::bigint = operation.id)
    ORDER BY id LIMIT $3";

pub fn stale(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<(i64, i64)>, Error> {
    let names = [
        split_operation::SplitOperation::NAME,
        write_operation_chunk::WriteOperationChunk::NAME,
        finish_operation::FinishOperation::NAME,
    ];
    let found: Vec<Place> = diesel::sql_query(STALE)
        .bind::<Timestamptz, _>(since)
        .bind::<Array<Text>, _>(names.as_slice())
        .bind::<BigInt, _>(MANY)
        .load(conn)?;
    Ok(found.into_iter().map(|place| (place.organization_id, place.id)).collect())
}

/// Removes an operation that was made before then. The answer: whether there was one.
pub fn remove_one(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<bool, Error> {
    let oldest: Option<(i64, i64)> = async_operation::table
        .filter(async_operation::created_at.lt(before))
        .order(async_operation::created_at)
        .select((async_operation::organization_id, async_operation::id))
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    let Some((organization, id)) = oldest else { return Ok(false) };
    macro_rules! remove {
        ($($table:ident)*) => {$(
            let own = $table::organization_id.eq(organization).and($table::operation_id.eq(id));
            diesel::delete($table::table.filter(own)).execute(conn)?;
        )*};
    }
    remove!(async_operation_error async_operation_included async_operation_chunk);
    diesel::delete(async_operation::table.find((organization, id))).execute(conn)?;
    body::delete(conn, organization, id)?;
    Ok(true)
}
