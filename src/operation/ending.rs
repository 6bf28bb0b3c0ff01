//! From one status to the next. An operation that has ended stays as it is.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};

use super::errors::{self, Fault, WHOLE};
use super::{Operation, Status, body, chunk};
use crate::error::Error;
use crate::schema::{async_operation, async_operation_error};

/// Marks a new operation as running.
pub fn begin(conn: &mut PgConnection, operation: &Operation, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(async_operation::table.find(operation.key()))
        .filter(async_operation::status.eq(Status::New.word()))
        .set((
            async_operation::status.eq(Status::Running.word()),
            async_operation::started_at.eq(now),
            async_operation::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Says into how many chunks the body was split.
pub fn set_chunks(
    conn: &mut PgConnection,
    operation: &Operation,
    chunks: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::update(async_operation::table.find(operation.key()))
        .set((async_operation::chunks.eq(chunks), async_operation::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Ends an operation as failed, for that reason. The answer: whether it had not ended before.
pub fn fail(conn: &mut PgConnection, operation: &Operation, error: &Error, now: DateTime<Utc>) -> Result<bool, Error> {
    let failed = end(conn, operation, Status::Failed, now)?;
    if failed {
        tell(conn, operation, std::slice::from_ref(error))?;
    }
    Ok(failed)
}

/// Ends an operation. The answer: whether it had not ended before.
pub fn end(conn: &mut PgConnection, operation: &Operation, status: Status, now: DateTime<Utc>) -> Result<bool, Error> {
    let open = [Status::New, Status::Running].map(Status::word);
    let ended = diesel::update(async_operation::table.find(operation.key()))
        .filter(async_operation::status.eq_any(open))
        .set((
            async_operation::status.eq(status.word()),
            async_operation::updated_at.eq(now),
            async_operation::ended_at.eq(now),
        ))
        .execute(conn)?;
    Ok(ended > 0)
}

/// The errors of an operation as a whole.
macro_rules! of_whole {
    ($operation:expr) => {
        async_operation_error::table.filter(
            async_operation_error::organization_id
                .eq($operation.organization)
                .and(async_operation_error::operation_id.eq($operation.id))
                .and(async_operation_error::chunk.eq(WHOLE)),
        )
    };
}

/// Adds an error of the operation as a whole, unless it was told before.
pub fn tell_once(conn: &mut PgConnection, operation: &Operation, error: &Error) -> Result<(), Error> {
    // Whoever else tells something waits here.
    async_operation::table.find(operation.key()).select(async_operation::id).for_no_key_update().first::<i64>(conn)?;
    let same = of_whole!(operation).filter(async_operation_error::detail.eq(&error.detail));
    match diesel::select(diesel::dsl::exists(same)).get_result(conn)? {
        true => Ok(()),
        false => tell(conn, operation, std::slice::from_ref(error)),
    }
}

/// Adds errors of the operation as a whole.
pub fn tell(conn: &mut PgConnection, operation: &Operation, told: &[Error]) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    // Whoever else tells something waits here.
    diesel::sql_query(
        "UPDATE async_operation SET error_count = error_count + $3 WHERE organization_id = $1 AND id = $2",
    )
    .bind::<BigInt, _>(operation.organization)
    .bind::<BigInt, _>(operation.id)
    .bind::<BigInt, _>(told.len() as i64)
    .execute(conn)?;
    let last: Option<i32> = of_whole!(operation).select(max(async_operation_error::number)).first(conn)?;
    let faults: Vec<Fault> = told.iter().map(|error| Fault::of(error, Vec::new())).collect();
    errors::store(conn, operation, WHOLE, last.unwrap_or(0) + 1, &faults)
}

/// Drops what nobody will write of an operation that has ended.
pub fn forget_unwritten(conn: &mut PgConnection, operation: &Operation) -> Result<(), Error> {
    body::delete(conn, operation.organization, operation.id)?;
    chunk::forget_unwritten(conn, operation)?;
    count_bytes(conn, operation)
}

const COUNT_BYTES: &str = "
    UPDATE async_operation SET stored_bytes = (
        SELECT coalesce(sum(octet_length(body)), 0) FROM async_operation_chunk AS chunk
        WHERE chunk.organization_id = $1 AND chunk.operation_id = $2)
    WHERE organization_id = $1 AND id = $2";

/// Counts what the chunks of an operation take, for [`super::quota`]. Not after each chunk: an update of what an index
/// knows would cost more than it tells.
pub fn count_bytes(conn: &mut PgConnection, operation: &Operation) -> Result<(), Error> {
    let count = diesel::sql_query(COUNT_BYTES);
    count.bind::<BigInt, _>(operation.organization).bind::<BigInt, _>(operation.id).execute(conn)?;
    Ok(())
}

/// An operation that has ended, in figures.
#[derive(Clone, Debug, QueryableByName)]
pub struct Summary {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    pub entity_type: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    read_count: i64,
    #[diesel(sql_type = BigInt)]
    create_count: i64,
    #[diesel(sql_type = BigInt)]
    update_count: i64,
    #[diesel(sql_type = BigInt)]
    error_count: i64,
    /// From the first look at the body to the end.
    #[diesel(sql_type = Double)]
    pub seconds: f64,
}

impl Summary {
    /// One line for the operator.
    pub fn log(&self) {
        let Summary { id, entity_type, status, read_count, create_count, update_count, error_count, seconds } = self;
        let rate = (*read_count as f64 / seconds.max(0.001)).round();
        tracing::info!(
            operation = id,
            entity_type,
            status,
            read = read_count,
            created = create_count,
            updated = update_count,
            errors = error_count,
            seconds,
            records_per_second = rate,
            "operation ended"
        );
    }
}

const SUMMARY: &str = "
    SELECT id, entity_type, status, read_count, create_count, update_count, error_count,
        extract(epoch FROM ended_at - coalesce(started_at, created_at))::double precision AS seconds
    FROM async_operation WHERE organization_id = $1 AND id = $2 AND ended_at IS NOT NULL";

/// The figures of an operation that has ended.
pub fn summary(conn: &mut PgConnection, operation: &Operation) -> Result<Option<Summary>, Error> {
    let summary = diesel::sql_query(SUMMARY).bind::<BigInt, _>(operation.organization).bind::<BigInt, _>(operation.id);
    Ok(summary.get_result(conn).optional()?)
}
