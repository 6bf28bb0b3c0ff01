//! The errors of an operation as they are stored.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::{Value as Json, json};

use super::Operation;
use crate::engine::input::without_nul;
use crate::error::{Error, Source};
use crate::schema::async_operation_error::{self, dsl};

/// The number of the chunk under which errors of the operation as a whole are told.
pub const WHOLE: i32 = 0;

/// Errors in one statement.
const MANY: usize = 1_000;

/// An error, and the records that fail by it.
#[derive(Clone, Debug)]
pub struct Fault {
    status: i32,
    title: &'static str,
    detail: String,
    source: Option<Json>,
    /// Places in the body's list of records.
    pub records: Vec<i64>,
}

impl Fault {
    /// What an error says, with what it repeats of the record, whatever that is.
    pub fn of(error: &Error, records: Vec<i64>) -> Fault {
        let source = match &error.source {
            Some(Source::Pointer(pointer)) => Some(json!({"pointer": without_nul(pointer)})),
            Some(Source::Parameter(name)) => Some(json!({"propertyPath": without_nul(name)})),
            Some(Source::Header(name)) => Some(json!({"propertyPath": name})),
            None => None,
        };
        let (status, title) = (i32::from(error.status()), error.code.title);
        Fault { status, title, detail: without_nul(&error.detail), source, records }
    }
}

/// Stores errors of a chunk, the first of them under that number.
pub fn store(
    conn: &mut PgConnection,
    operation: &Operation,
    chunk: i32,
    first: i32,
    faults: &[Fault],
) -> Result<(), Error> {
    let numbered: Vec<(i32, &Fault)> = (first..).zip(faults).collect();
    for some in numbered.chunks(MANY) {
        let rows: Vec<_> = some
            .iter()
            .map(|(number, fault)| {
                (
                    dsl::organization_id.eq(operation.organization),
                    dsl::operation_id.eq(operation.id),
                    dsl::chunk.eq(chunk),
                    dsl::number.eq(*number),
                    dsl::record_indexes.eq(&fault.records),
                    dsl::status.eq(fault.status),
                    dsl::title.eq(fault.title),
                    dsl::detail.eq(&fault.detail),
                    dsl::source.eq(&fault.source),
                )
            })
            .collect();
        diesel::insert_into(async_operation_error::table).values(rows).execute(conn)?;
    }
    Ok(())
}
