//! Whether little is left of a product, and whether it is yet to come.
//!
//! Both follow from options that a product has itself or leaves to its category (`category`), which may leave them to the
//! category above (`parentCategory`). At the end stand the settings of the installation: nothing is upcoming, and low
//! inventory is not told.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

use crate::engine::computed::{Ask, Values};
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// Puts in `upcoming`, `availabilityDate` and `lowInventory`.
pub fn load(conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
    if ask.wants("upcoming") || ask.wants("availabilityDate") {
        let upcoming = option(conn, ask, Ident::new("is_upcoming_id"))?;
        let is_upcoming = |id: &i64| upcoming.get(id).is_some_and(|word| is_on(word));
        for id in ask.ids() {
            values.put(Key::Integer(id), "upcoming", json!(is_upcoming(&id)));
        }
        let announced: Vec<i64> = ask.ids().into_iter().filter(is_upcoming).collect();
        values.read(conn, dates(ask, announced), &["availabilityDate"])?;
    }
    if ask.wants("lowInventory") {
        let highlight = option(conn, ask, Ident::new("highlight_low_inventory_id"))?;
        let threshold = option(conn, ask, Ident::new("low_inventory_threshold_id"))?;
        let stock = stock(conn, ask)?;
        for id in ask.ids() {
            let limit: Decimal = threshold.get(&id).and_then(|text| text.parse().ok()).unwrap_or_default();
            let told = highlight.get(&id).is_some_and(|word| is_on(word));
            let low = told && stock.get(&id).copied().unwrap_or_default() <= limit;
            values.put(Key::Integer(id), "lowInventory", json!(low));
        }
    }
    Ok(())
}

fn is_on(word: &str) -> bool {
    matches!(word, "1" | "true" | "yes")
}

/// The value of an option of each product that says it, itself or by its categories.
fn option(conn: &mut PgConnection, ask: Ask<'_>, column: Ident) -> Result<HashMap<i64, String>, Error> {
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE asked AS (SELECT p.organization_id, p.id, p.category_id, f.fallback, f.scalar_value FROM product p ");
    sql.raw("JOIN entity_field_fallback_value f ON f.organization_id = p.organization_id AND f.id = p.").ident(column);
    sql.raw(" WHERE p.organization_id = ").bind(Value::Integer(ask.caller.organization));
    sql.raw(" AND p.id = ANY(").bind(Value::Integers(ask.ids()));
    sql.raw(
        ") UNION ALL SELECT c.organization_id, asked.id, c.parent_category_id, f.fallback, f.scalar_value FROM asked \
         JOIN category c ON c.organization_id = asked.organization_id AND c.id = asked.category_id \
         JOIN entity_field_fallback_value f ON f.organization_id = c.organization_id AND f.id = c.",
    );
    sql.ident(column).raw(
        " WHERE asked.scalar_value IS NULL AND asked.fallback IN ('category', 'parentCategory')) \
         SELECT id, scalar_value FROM asked WHERE scalar_value IS NOT NULL",
    );
    let rows = sql.collect(conn, |row| -> Result<_, Error> { Ok((row.integer(0)?, row.text(1)?)) })?;
    Ok(rows.into_iter().filter_map(|(id, word)| Some((id?, word?))).collect())
}

/// What is in stock of each product in its primary unit.
fn stock(conn: &mut PgConnection, ask: Ask<'_>) -> Result<HashMap<i64, Decimal>, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT p.id, l.quantity FROM product p JOIN inventory_level l ON l.organization_id = p.organization_id \
         AND l.product_unit_precision_id = p.primary_unit_precision_id WHERE p.organization_id = ",
    );
    sql.bind(Value::Integer(ask.caller.organization)).raw(" AND p.id = ANY(").bind(Value::Integers(ask.ids()));
    sql.raw(")");
    let rows = sql.collect(conn, |row| -> Result<_, Error> { Ok((row.integer(0)?, row.numeric(1)?)) })?;
    Ok(rows.into_iter().filter_map(|(id, quantity)| Some((id?, quantity?))).collect())
}

fn dates(ask: Ask<'_>, products: Vec<i64>) -> Sql {
    let mut sql = Sql::new();
    sql.raw("SELECT id, to_jsonb(to_char(availability_date AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) FROM product");
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(ask.caller.organization));
    sql.raw(" AND id = ANY(").bind(Value::Integers(products)).raw(")");
    sql
}
