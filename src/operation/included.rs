//! The included records that several chunks need: the first chunk that writes one says which record it has become, and
//! the others name that record.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Operation;
use crate::engine::split::{Chunk, RawItem};
use crate::error::Error;
use crate::schema::async_operation_included::{self, dsl};

/// Notes which included records of some chunks are shared.
pub fn note(conn: &mut PgConnection, operation: &Operation, chunks: &[Chunk]) -> Result<(), Error> {
    let shared = chunks.iter().flat_map(|chunk| &chunk.included).filter(|item| item.shared);
    let mut places: Vec<i64> = shared.map(|item| place(item.index)).collect();
    places.sort_unstable();
    places.dedup();
    for places in places.chunks(1_000) {
        let rows: Vec<_> = places
            .iter()
            .map(|place| {
                (
                    dsl::organization_id.eq(operation.organization),
                    dsl::operation_id.eq(operation.id),
                    dsl::record_index.eq(place),
                )
            })
            .collect();
        diesel::insert_into(async_operation_included::table).values(rows).on_conflict_do_nothing().execute(conn)?;
    }
    Ok(())
}

/// The ids of those of the shared records that have been written. The others stay locked until the transaction ends:
/// nobody else writes them meanwhile.
pub fn claim(conn: &mut PgConnection, operation: &Operation, chunk: &Chunk) -> Result<HashMap<usize, String>, Error> {
    let shared: Vec<i64> = chunk.included.iter().filter(|item| item.shared).map(|item| place(item.index)).collect();
    if shared.is_empty() {
        return Ok(HashMap::new());
    }
    let of_chunk = |shared: &[i64]| {
        async_operation_included::table
            .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
            .filter(dsl::record_index.eq_any(shared.to_vec()))
            .order(dsl::record_index)
    };
    let open: Vec<i64> =
        of_chunk(&shared).filter(dsl::record_id.is_null()).select(dsl::record_index).for_update().load(conn)?;
    let known: Vec<i64> = shared.into_iter().filter(|place| !open.contains(place)).collect();
    let known: Vec<(i64, Option<String>)> = of_chunk(&known).select((dsl::record_index, dsl::record_id)).load(conn)?;
    let index = |place: i64| usize::try_from(place).unwrap_or(usize::MAX);
    Ok(known.into_iter().filter_map(|(place, id)| Some((index(place), id?))).collect())
}

/// The ids of those of some included records that have been written.
pub fn known(
    conn: &mut PgConnection,
    operation: &Operation,
    items: &[RawItem],
) -> Result<HashMap<usize, String>, Error> {
    let places: Vec<i64> = items.iter().map(|item| place(item.index)).collect();
    let known: Vec<(i64, Option<String>)> = async_operation_included::table
        .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
        .filter(dsl::record_index.eq_any(places))
        .select((dsl::record_index, dsl::record_id))
        .load(conn)?;
    let index = |place: i64| usize::try_from(place).unwrap_or(usize::MAX);
    Ok(known.into_iter().filter_map(|(place, id)| Some((index(place), id?))).collect())
}

/// Says which records included ones have become.
pub fn written(conn: &mut PgConnection, operation: &Operation, made: &HashMap<usize, String>) -> Result<(), Error> {
    let mut made: Vec<(i64, &String)> = made.iter().map(|(index, id)| (place(*index), id)).collect();
    made.sort_unstable();
    for some in made.chunks(1_000) {
        let rows: Vec<_> = some
            .iter()
            .map(|(place, id)| {
                (
                    dsl::organization_id.eq(operation.organization),
                    dsl::operation_id.eq(operation.id),
                    dsl::record_index.eq(place),
                    dsl::record_id.eq(*id),
                )
            })
            .collect();
        let key = (dsl::organization_id, dsl::operation_id, dsl::record_index);
        let known = diesel::insert_into(async_operation_included::table).values(rows).on_conflict(key);
        known.do_update().set(dsl::record_id.eq(excluded(dsl::record_id))).execute(conn)?;
    }
    Ok(())
}

fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
