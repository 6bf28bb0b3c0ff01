//! SQL as the engine writes it: pieces of fixed text, identifiers from descriptors, and bound values.
//!
//! Text of a request can only enter as a [`Value`] through [`Sql::bind`]: the other methods take `&'static str`.

mod budget;
pub mod predicate;
pub mod select;

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::connection::LoadConnection;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types as st;
use diesel::{Connection, RunQueryDsl};
use rust_decimal::Decimal;

use self::budget::Budget;
use super::column::Column;
use super::resource::{IdKind, Ident, Resource};
use super::value::Value;

/// A statement under construction. Two statements with the same text share one prepared statement, unless
/// [`Sql::uncached`] says that the text is one of too many.
pub struct Sql {
    /// Without the parameters, which are written where their values stand.
    text: String,
    /// The values, each with its place in the text.
    binds: Vec<(usize, Bind)>,
    cached: bool,
    /// Of which texts it is one, when only some of them are kept.
    budget: Option<&'static Budget>,
}

enum Bind {
    Value(Value),
    Column(Column),
}

impl Default for Sql {
    fn default() -> Sql {
        Sql::new()
    }
}

impl Sql {
    pub fn new() -> Sql {
        Sql { text: String::with_capacity(256), binds: Vec::new(), cached: true, budget: None }
    }

    /// Not kept as a prepared statement: texts that clients can vary without end would fill server and backend.
    pub fn uncached(&mut self) -> &mut Sql {
        self.cached = false;
        self
    }

    /// Kept as a prepared statement as long as not too many such texts are: for statements whose text follows the
    /// members a client sends, where the same few texts come again and again.
    pub fn bounded(&mut self) -> &mut Sql {
        self.budget = Some(&budget::WRITES);
        self
    }

    /// Kept as a prepared statement once it has come several times, as long as not too many such texts are: for lists
    /// whose filters, order and fields a client chooses.
    pub fn frequent(&mut self) -> &mut Sql {
        self.budget = Some(&budget::READS);
        self
    }

    /// Text from the source code.
    pub fn raw(&mut self, text: &'static str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    /// `"name"`.
    pub fn ident(&mut self, ident: Ident) -> &mut Sql {
        for (place, part) in ident.as_str().split('"').enumerate() {
            self.text.push_str(if place == 0 { "\"" } else { "\"\"" });
            self.text.push_str(part);
        }
        self.raw("\"")
    }

    /// The table alias `t<n>`.
    pub fn alias(&mut self, n: usize) -> &mut Sql {
        self.raw("t").number(n)
    }

    /// `t<n>."column"`.
    pub fn column(&mut self, alias: usize, column: Ident) -> &mut Sql {
        self.alias(alias).raw(".").ident(column)
    }

    /// The id column, and the suffix column of a composite id, as [`super::row::Row::key`] reads them.
    pub fn key_columns(&mut self, alias: usize, resource: &Resource) -> &mut Sql {
        self.column(alias, resource.id.column);
        if let IdKind::Guid { suffix } = resource.id.kind {
            self.raw(", ").column(alias, suffix);
        }
        self
    }

    /// A number of the server's own, such as a batch size.
    pub fn number(&mut self, number: usize) -> &mut Sql {
        self.text.push_str(itoa::Buffer::new().format(number));
        self
    }

    /// A value, as `$n`. Null becomes the word NULL.
    pub fn bind(&mut self, value: Value) -> &mut Sql {
        if value.is_null() {
            return self.raw("NULL");
        }
        self.binds.push((self.text.len(), Bind::Value(value)));
        self
    }

    /// `unnest($1, $2, …)`: a row for each place of the columns, which are equally long.
    pub fn rows(&mut self, columns: impl IntoIterator<Item = Column>) -> &mut Sql {
        self.raw("unnest(");
        for (place, column) in columns.into_iter().enumerate() {
            self.raw(if place > 0 { ", " } else { "" });
            self.binds.push((self.text.len(), Bind::Column(column)));
        }
        self.raw(")")
    }

    /// ` = $1` for one number, ` = ANY($1)` for several. Of an array Postgres expects ten elements where it does not know
    /// them, so the plan for any array looks dearer than one for an array of one, and a kept statement is planned again
    /// each time.
    pub fn is_among(&mut self, numbers: &[i64]) -> &mut Sql {
        match numbers {
            [one] => self.raw(" = ").bind(Value::Integer(*one)),
            many => self.raw(" = ANY(").bind(Value::Integers(many.to_vec())).raw(")"),
        }
    }

    /// The text and the values of another statement.
    pub fn append(&mut self, other: Sql) -> &mut Sql {
        self.cached &= other.cached;
        let before = self.text.len();
        self.text.push_str(&other.text);
        self.binds.extend(other.binds.into_iter().map(|(place, bind)| (before + place, bind)));
        self
    }

    /// Decides whether a bounded text is among those that are kept.
    fn settle(&mut self) {
        let Some(budget) = self.budget.filter(|_| self.cached) else { return };
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        for (place, bind) in &self.binds {
            place.hash(&mut hasher);
            match bind {
                Bind::Value(value) => std::mem::discriminant(value).hash(&mut hasher),
                Bind::Column(column) => std::mem::discriminant(column).hash(&mut hasher),
            }
        }
        self.cached = budget.keeps(hasher.finish());
    }

    /// Runs the statement and returns the number of rows it touched.
    pub fn execute(mut self, conn: &mut PgConnection) -> QueryResult<usize> {
        self.settle();
        RunQueryDsl::execute(self, conn)
    }

    /// Runs the statement and gives each row to `read`.
    pub fn for_each<E: From<diesel::result::Error>>(
        mut self,
        conn: &mut PgConnection,
        mut read: impl FnMut(&super::row::Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.settle();
        let cursor = LoadConnection::<diesel::connection::DefaultLoadingMode>::load(conn, self)?;
        for row in cursor {
            read(&super::row::Row(&row?))?;
        }
        Ok(())
    }

    /// Runs the statement and collects what `read` makes of each row.
    pub fn collect<T, E: From<diesel::result::Error>>(
        self,
        conn: &mut PgConnection,
        mut read: impl FnMut(&super::row::Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut rows = Vec::new();
        self.for_each(conn, |row| -> Result<(), E> {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql {
    type SqlType = st::Untyped;
}

impl RunQueryDsl<PgConnection> for Sql {}

impl QueryFragment<Pg> for Sql {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cached {
            pass.unsafe_to_cache_prepared();
        }
        let mut written = 0;
        for (place, bind) in &self.binds {
            pass.push_sql(self.text.get(written..*place).unwrap_or_default());
            match bind {
                Bind::Value(value) => push_bind(&mut pass, value)?,
                Bind::Column(column) => push_column(&mut pass, column)?,
            }
            written = *place;
        }
        pass.push_sql(self.text.get(written..).unwrap_or_default());
        Ok(())
    }
}

fn push_bind<'b>(pass: &mut AstPass<'_, 'b, Pg>, value: &'b Value) -> QueryResult<()> {
    match value {
        Value::Null => {
            pass.push_sql("NULL");
            Ok(())
        }
        Value::Text(text) => pass.push_bind_param::<st::Text, String>(text),
        Value::Integer(number) => pass.push_bind_param::<st::BigInt, i64>(number),
        Value::Numeric(number) => pass.push_bind_param::<st::Numeric, Decimal>(number),
        Value::Boolean(flag) => pass.push_bind_param::<st::Bool, bool>(flag),
        Value::Date(date) => pass.push_bind_param::<st::Date, NaiveDate>(date),
        Value::DateTime(moment) => pass.push_bind_param::<st::Timestamptz, DateTime<Utc>>(moment),
        Value::Uuid(uuid) => pass.push_bind_param::<st::Uuid, uuid::Uuid>(uuid),
        Value::Json(json) => pass.push_bind_param::<st::Jsonb, serde_json::Value>(json),
        Value::Bytes(bytes) => pass.push_bind_param::<st::Binary, Vec<u8>>(bytes),
        Value::Texts(list) => pass.push_bind_param::<st::Array<st::Text>, Vec<String>>(list),
        Value::Integers(list) => pass.push_bind_param::<st::Array<st::BigInt>, Vec<i64>>(list),
        Value::Numerics(list) => pass.push_bind_param::<st::Array<st::Numeric>, Vec<Decimal>>(list),
        Value::Uuids(list) => pass.push_bind_param::<st::Array<st::Uuid>, Vec<uuid::Uuid>>(list),
        Value::Dates(list) => pass.push_bind_param::<st::Array<st::Date>, Vec<NaiveDate>>(list),
        Value::DateTimes(list) => pass.push_bind_param::<st::Array<st::Timestamptz>, Vec<DateTime<Utc>>>(list),
    }
}

fn push_column<'b>(pass: &mut AstPass<'_, 'b, Pg>, column: &'b Column) -> QueryResult<()> {
    type Array<T> = st::Array<st::Nullable<T>>;
    match column {
        Column::Texts(list) => pass.push_bind_param::<Array<st::Text>, _>(list),
        Column::Integers(list) => pass.push_bind_param::<Array<st::BigInt>, _>(list),
        Column::Numerics(list) => pass.push_bind_param::<Array<st::Numeric>, _>(list),
        Column::Booleans(list) => pass.push_bind_param::<Array<st::Bool>, _>(list),
        Column::Dates(list) => pass.push_bind_param::<Array<st::Date>, _>(list),
        Column::DateTimes(list) => pass.push_bind_param::<Array<st::Timestamptz>, _>(list),
        Column::Uuids(list) => pass.push_bind_param::<Array<st::Uuid>, _>(list),
        Column::Json(list) => pass.push_bind_param::<Array<st::Jsonb>, _>(list),
        Column::Bytes(list) => pass.push_bind_param::<Array<st::Binary>, _>(list),
    }
}

/// `TRUE` inside, for predicates that hold for every row.
pub fn always() -> Sql {
    let mut sql = Sql::new();
    sql.raw("TRUE");
    sql
}

/// Runs `work` in a transaction; an error rolls it back.
pub fn transaction<T, E: From<diesel::result::Error>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(work)
}
