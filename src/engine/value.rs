//! Typed values on their way to Postgres.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::key::Key;

/// One value, or one array for `= ANY($1)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    /// Bound as `bigint`; Postgres narrows it on assignment.
    Integer(i64),
    Numeric(Decimal),
    Boolean(bool),
    Date(NaiveDate),
    DateTime(DateTime<Utc>),
    Uuid(Uuid),
    Json(serde_json::Value),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Integers(Vec<i64>),
    Numerics(Vec<Decimal>),
    Uuids(Vec<Uuid>),
    Dates(Vec<NaiveDate>),
    DateTimes(Vec<DateTime<Utc>>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_numeric(&self) -> Option<Decimal> {
        match self {
            Value::Numeric(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Value {
        number.map_or(Value::Null, Value::Integer)
    }
}

impl From<&Key> for Value {
    /// The value of the id column; a price's suffix is not part of its key in Postgres.
    fn from(key: &Key) -> Value {
        match key {
            Key::Integer(id) => Value::Integer(*id),
            Key::Text(id) => Value::Text(id.clone()),
            Key::Guid(id, _) | Key::Uuid(id) => Value::Uuid(*id),
        }
    }
}

/// All keys in one array. Mixed kinds cannot occur: a set of keys belongs to one resource.
pub fn key_array(keys: &[Key]) -> Value {
    match keys.first() {
        None | Some(Key::Integer(_)) => Value::Integers(
            keys.iter().filter_map(|key| if let Key::Integer(id) = key { Some(*id) } else { None }).collect(),
        ),
        Some(Key::Text(_)) => Value::Texts(
            keys.iter().filter_map(|key| if let Key::Text(id) = key { Some(id.clone()) } else { None }).collect(),
        ),
        Some(Key::Guid(..) | Key::Uuid(_)) => Value::Uuids(
            keys.iter()
                .filter_map(|key| if let Key::Guid(id, _) | Key::Uuid(id) = key { Some(*id) } else { None })
                .collect(),
        ),
    }
}
