//! The stored chunks of an operation: packed when the body is split, unpacked to be written, kept as long as one of their
//! records has failed.

use std::io::{Read, Write};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::Operation;
use crate::engine::split::Chunk;
use crate::error::Error;
use crate::schema::async_operation_chunk::{self, dsl};

/// Stores chunks, the first of them under that number.
pub fn store(conn: &mut PgConnection, operation: &Operation, first: i32, chunks: &[Chunk]) -> Result<(), Error> {
    let rows = (first..).zip(chunks).map(|(number, chunk)| {
        Ok((
            dsl::organization_id.eq(operation.organization),
            dsl::operation_id.eq(operation.id),
            dsl::number.eq(number),
            dsl::body.eq(pack(chunk)?),
        ))
    });
    let rows: Vec<_> = rows.collect::<Result<_, Error>>()?;
    diesel::insert_into(async_operation_chunk::table).values(rows).execute(conn)?;
    Ok(())
}

/// Locks a chunk until the transaction ends, and reads it; `None` when it is done, or gone.
pub fn take(conn: &mut PgConnection, operation: &Operation, number: i32) -> Result<Option<Chunk>, Error> {
    let packed: Option<Option<Vec<u8>>> = async_operation_chunk::table
        .find((operation.organization, operation.id, number))
        .filter(dsl::done_at.is_null())
        .select(dsl::body)
        .for_no_key_update()
        .first(conn)
        .optional()?;
    packed.flatten().map(|packed| unpack(&packed)).transpose()
}

/// The numbers of the chunks that are not done.
pub fn open(conn: &mut PgConnection, operation: &Operation) -> Result<Vec<i32>, Error> {
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

fn pack(chunk: &Chunk) -> Result<Vec<u8>, Error> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let text = serde_json::to_vec(chunk).map_err(Error::internal)?;
    packer.write_all(&text).and_then(|()| packer.finish()).map_err(Error::internal)
}

/// A chunk as it was stored.
pub fn unpack(packed: &[u8]) -> Result<Chunk, Error> {
    let mut text = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut text).map_err(Error::internal)?;
    serde_json::from_slice(&text).map_err(Error::internal)
}
