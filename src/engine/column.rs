//! Values of one column of many rows, as an array that `unnest` makes rows of: one bind a column, however many rows.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::key::Key;
use super::kind::Storage;
use super::value::Value;
use crate::error::Error;

/// The values of one column, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    Texts(Vec<Option<String>>),
    /// Bound as `bigint[]`; Postgres narrows them on assignment.
    Integers(Vec<Option<i64>>),
    Numerics(Vec<Option<Decimal>>),
    Booleans(Vec<Option<bool>>),
    Dates(Vec<Option<NaiveDate>>),
    DateTimes(Vec<Option<DateTime<Utc>>>),
    Uuids(Vec<Option<Uuid>>),
    Json(Vec<Option<serde_json::Value>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// The values that are of one variant, nulls among them.
macro_rules! all {
    ($values:expr, $($variant:ident($value:ident) => $as:expr),+) => {{
        let one = |value| match value {
            Value::Null => Ok(None),
            $(Value::$variant($value) => Ok(Some($as)),)+
            _ => Err(Error::internal("a value is of another type than its column")),
        };
        $values.into_iter().map(one).collect::<Result<_, Error>>()?
    }};
}

impl Column {
    /// The values of a column of that storage.
    pub fn new(storage: Storage, values: impl IntoIterator<Item = Value>) -> Result<Column, Error> {
        Ok(match storage {
            Storage::Text => Column::Texts(all!(values, Text(text) => text)),
            Storage::Integer | Storage::BigInt => Column::Integers(all!(values, Integer(number) => number)),
            Storage::Numeric => {
                Column::Numerics(all!(values, Numeric(number) => number, Integer(number) => Decimal::from(number)))
            }
            Storage::Boolean => Column::Booleans(all!(values, Boolean(flag) => flag)),
            Storage::Date => Column::Dates(all!(values, Date(date) => date)),
            Storage::Timestamp => Column::DateTimes(all!(values, DateTime(moment) => moment)),
            Storage::Uuid => Column::Uuids(all!(values, Uuid(uuid) => uuid)),
            Storage::Json => Column::Json(all!(values, Json(json) => json)),
            Storage::Bytes => Column::Bytes(all!(values, Bytes(bytes) => bytes)),
        })
    }

    /// Ids of one resource, as foreign keys hold them.
    pub fn of_keys<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Result<Column, Error> {
        let mut keys = keys.into_iter().peekable();
        let storage = match keys.peek() {
            None | Some(Key::Integer(_)) => Storage::BigInt,
            Some(Key::Text(_)) => Storage::Text,
            Some(Key::Guid(..) | Key::Uuid(_)) => Storage::Uuid,
        };
        Column::new(storage, keys.map(Value::from))
    }
}
