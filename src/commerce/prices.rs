//! Which price list prices the kits of orders.
//!
//! Until customers and customer groups have price lists of their own, it is the organization's active list with the
//! lowest id.

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// A query of one row at most: the price list's id.
pub fn price_list(organization: i64) -> Sql {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM price_list WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND active ORDER BY id LIMIT 1");
    sql
}
