//! The stored chunks of an operation: sealed when the body is split, opened to be written; what is kept of one then are
//! the records that failed.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::Operation;
use super::sealed::{self, Part, Place};
use crate::auth::secret::ServerKey;
use crate::engine::split::Chunk;
use crate::error::Error;
use crate::schema::async_operation_chunk::{self, dsl};

/// Stores chunks, the first of them under that number.
pub fn store(
    conn: &mut PgConnection,
    key: &ServerKey,
    operation: &Operation,
    first: i32,
    chunks: &[Chunk],
) -> Result<(), Error> {
    let rows = (first..).zip(chunks).map(|(number, chunk)| {
        Ok((
            dsl::organization_id.eq(operation.organization),
            dsl::operation_id.eq(operation.id),
            dsl::number.eq(number),
            dsl::body.eq(seal(key, operation, number, chunk)?),
        ))
    });
    let rows: Vec<_> = rows.collect::<Result<_, Error>>()?;
    diesel::insert_into(async_operation_chunk::table).values(rows).execute(conn)?;
    Ok(())
}

/// Locks a chunk until the transaction ends, and reads it; `None` when it is done, or gone.
pub fn take(
    conn: &mut PgConnection,
    key: &ServerKey,
    operation: &Operation,
    number: i32,
) -> Result<Option<Chunk>, Error> {
    let stored: Option<Option<Vec<u8>>> = async_operation_chunk::table
        .find((operation.organization, operation.id, number))
        .filter(dsl::done_at.is_null())
        .select(dsl::body)
        .for_no_key_update()
        .first(conn)
        .optional()?;
    stored.flatten().map(|stored| open(key, operation, number, &stored)).transpose()
}

/// What is stored of a chunk, done or not.
pub fn read(
    conn: &mut PgConnection,
    key: &ServerKey,
    operation: &Operation,
    number: i32,
) -> Result<Option<Chunk>, Error> {
    let chunk = async_operation_chunk::table.find((operation.organization, operation.id, number));
    let stored: Option<Option<Vec<u8>>> = chunk.select(dsl::body).first(conn).optional()?;
    stored.flatten().map(|stored| open(key, operation, number, &stored)).transpose()
}

/// The numbers of the chunks that are not done.
pub fn undone(conn: &mut PgConnection, operation: &Operation) -> Result<Vec<i32>, Error> {
    Ok(async_operation_chunk::table
        .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
        .filter(dsl::done_at.is_null())
        .order(dsl::number)
        .select(dsl::number)
        .load(conn)?)
}

/// Drops the bodies of chunks that nobody will write.
pub fn forget_unwritten(conn: &mut PgConnection, operation: &Operation) -> Result<(), Error> {
    let unwritten = async_operation_chunk::table
        .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
        .filter(dsl::done_at.is_null());
    diesel::update(unwritten).set(dsl::body.eq(None::<Vec<u8>>)).execute(conn)?;
    Ok(())
}

/// A chunk as it is stored under its number.
pub fn seal(key: &ServerKey, operation: &Operation, number: i32, chunk: &Chunk) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_vec(chunk).map_err(Error::internal)?;
    sealed::seal(key, place(operation, number), &text)
}

/// The chunk that is stored under that number.
fn open(key: &ServerKey, operation: &Operation, number: i32, stored: &[u8]) -> Result<Chunk, Error> {
    let text = sealed::open(key, place(operation, number), stored)?;
    serde_json::from_slice(&text).map_err(Error::internal)
}

fn place(operation: &Operation, number: i32) -> Place {
    Place { organization: operation.organization, operation: operation.id, part: Part::Chunk(number) }
}
