//! Websites: where a customer buys.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// The organization's default website. Every organization has one from the start.
pub fn default_website(conn: &mut PgConnection, organization: i64) -> QueryResult<i64> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM website WHERE is_default AND organization_id = ").bind(Value::Integer(organization));
    let ids = sql.collect(conn, |row| row.integer(0))?;
    ids.into_iter().flatten().next().ok_or(diesel::result::Error::NotFound)
}
