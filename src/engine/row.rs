//! One row as Postgres sent it, in the binary format: typed getters for rules and the write path, and [`Row::raw`]
//! for the renderer, which goes from these bytes to JSON without a value in between.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::connection::LoadConnection;
use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgConnection};
use diesel::result::QueryResult;
use diesel::row::{Field, Row as _};
use diesel::sql_types as st;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::key::Key;
use super::kind::Storage;
use super::resource::IdKind;
use super::value::Value;

type PgRow = <PgConnection as LoadConnection>::Row<'static, 'static>;

/// One row. Columns are addressed by their place in the SELECT.
pub struct Row<'r>(pub(super) &'r PgRow);

impl Row<'_> {
    /// Gives the bytes of a column, `None` for null, to `read`.
    pub fn raw<T>(&self, index: usize, read: impl FnOnce(Option<&[u8]>) -> T) -> T {
        match self.0.get(index) {
            Some(field) => read(field.value().as_ref().map(|value| value.as_bytes())),
            None => read(None),
        }
    }

    /// Decodes a column; `None` for null.
    pub fn get<S, T: FromSql<S, Pg>>(&self, index: usize) -> QueryResult<Option<T>> {
        let Some(field) = self.0.get(index) else { return Ok(None) };
        let Some(value) = field.value() else { return Ok(None) };
        T::from_sql(value).map(Some).map_err(diesel::result::Error::DeserializationError)
    }

    pub fn integer(&self, index: usize) -> QueryResult<Option<i64>> {
        self.get::<st::BigInt, i64>(index)
    }

    pub fn text(&self, index: usize) -> QueryResult<Option<String>> {
        self.get::<st::Text, String>(index)
    }

    pub fn numeric(&self, index: usize) -> QueryResult<Option<Decimal>> {
        self.get::<st::Numeric, Decimal>(index)
    }

    pub fn boolean(&self, index: usize) -> QueryResult<Option<bool>> {
        self.get::<st::Bool, bool>(index)
    }

    /// An id. A composite one takes the column after `index` as its suffix.
    pub fn key(&self, index: usize, kind: IdKind) -> QueryResult<Option<Key>> {
        Ok(match kind {
            IdKind::Integer => self.integer(index)?.map(Key::Integer),
            IdKind::Text => self.text(index)?.map(Key::Text),
            IdKind::Uuid => self.get::<st::Uuid, Uuid>(index)?.map(Key::Uuid),
            IdKind::Guid { .. } => match (self.get::<st::Uuid, Uuid>(index)?, self.integer(index + 1)?) {
                (Some(guid), Some(suffix)) => Some(Key::Guid(guid, suffix)),
                _ => None,
            },
        })
    }

    /// A column of a known storage as a [`Value`].
    pub fn value(&self, index: usize, storage: Storage) -> QueryResult<Value> {
        let value = match storage {
            Storage::Text => self.text(index)?.map(Value::Text),
            Storage::Integer => self.get::<st::Integer, i32>(index)?.map(|number| Value::Integer(number.into())),
            Storage::BigInt => self.integer(index)?.map(Value::Integer),
            Storage::Numeric => self.numeric(index)?.map(Value::Numeric),
            Storage::Boolean => self.boolean(index)?.map(Value::Boolean),
            Storage::Date => self.get::<st::Date, NaiveDate>(index)?.map(Value::Date),
            Storage::Timestamp => self.get::<st::Timestamptz, DateTime<Utc>>(index)?.map(Value::DateTime),
            Storage::Uuid => self.get::<st::Uuid, Uuid>(index)?.map(Value::Uuid),
            Storage::Json => self.get::<st::Jsonb, serde_json::Value>(index)?.map(Value::Json),
            Storage::Bytes => self.get::<st::Binary, Vec<u8>>(index)?.map(Value::Bytes),
        };
        Ok(value.unwrap_or(Value::Null))
    }
}
