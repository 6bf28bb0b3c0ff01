//! An order's totals: input, the ids of orders whose line items, discounts, addresses or shipping cost changed; output,
//! their stored totals, discounts and taxes.
//!
//! `subtotal = Σ round(value × quantity, 4)`, `total = subtotal − discounts + shipping + tax`. A discount by percent
//! takes its amount from the subtotal, any other its percent. Tax is that of [`super::tax`], without what prices include.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types as st;

use super::tax;
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// The discount type whose amount follows from its percent.
pub const BY_PERCENT: &str = "oro_order_discount_item_type_percent";

/// The attributes of an order that [`recompute`] stores.
pub const FIELDS: &[&str] = &["subtotalValue", "totalDiscountsAmount", "subtotalWithDiscounts", "totalValue"];

/// An order after its totals were computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totalled {
    pub order: i64,
    /// Whether a total differs from what was stored.
    pub changed: bool,
    /// Whether a line item has another currency than the order.
    pub mixed: bool,
    /// Its line items whose tax changed.
    pub taxed: Vec<i64>,
}

/// Locks orders, lowest id first. Totals computed after it see every line item committed before: without it, two
/// simultaneous changes of one order would each miss the other's.
pub fn lock(conn: &mut PgConnection, organization: i64, orders: &[i64]) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM sales_order WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id").is_among(orders).raw(" ORDER BY id FOR NO KEY UPDATE");
    sql.execute(conn).map(|_| ())
}

/// Computes and stores the totals of all these orders in one statement.
pub fn recompute(
    conn: &mut PgConnection,
    organization: i64,
    orders: &[i64],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Totalled>> {
    let tenant = || Value::Integer(organization);
    let mut sql = Sql::new();
    sql.raw("WITH ").append(tax::parts(organization, orders)).raw(
        ", taxed AS (
            UPDATE sales_order_line_item i SET row_tax_amount = p.tax, row_tax_included = p.included,
                tax_rate = p.rate, taxes = p.taxes, updated_at = ",
    );
    sql.bind(Value::DateTime(now)).raw(" FROM tax_part p WHERE i.organization_id = ").bind(tenant());
    sql.raw(
        " AND i.id = p.line_id AND (i.row_tax_amount, i.row_tax_included, i.tax_rate, i.taxes)
                IS DISTINCT FROM (p.tax, p.included, p.rate, p.taxes)
            RETURNING i.id, i.order_id
        ), base AS (
            SELECT o.id, l.subtotal, coalesce(x.tax, 0) AS tax, coalesce(x.added, 0) AS added, l.mixed,
                coalesce(o.overridden_shipping_cost, o.estimated_shipping_cost, 0) AS shipping
            FROM sales_order o
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(i.row_total), 0) AS subtotal,
                    coalesce(bool_or(i.currency <> o.currency), false) AS mixed
                FROM sales_order_line_item i
                WHERE i.organization_id = o.organization_id AND i.order_id = o.id
            ) l
            LEFT JOIN (
                SELECT p.order_id, sum(p.tax) AS tax, sum(p.tax) FILTER (WHERE NOT p.included) AS added
                FROM tax_part p GROUP BY p.order_id
            ) x ON x.order_id = o.id
            WHERE o.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND o.id").is_among(orders);
    sql.raw(
        "
        ), derived AS (
            SELECT d.id, d.order_id,
                CASE WHEN p.by_percent THEN round(b.subtotal * d.percent / 100, 4) ELSE d.amount END AS amount,
                CASE WHEN p.by_percent THEN d.percent
                    WHEN b.subtotal = 0 THEN 0
                    ELSE round(d.amount / b.subtotal * 100, 4) END AS percent
            FROM base b
            JOIN sales_order_discount d ON d.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND d.order_id = b.id CROSS JOIN LATERAL (SELECT d.percent IS NOT NULL AND (d.type = ");
    sql.bind(Value::Text(BY_PERCENT.to_owned()));
    sql.raw(
        " OR d.amount IS NULL) AS by_percent) p
        ), discounted AS (
            UPDATE sales_order_discount d SET amount = n.amount, percent = n.percent FROM derived n
            WHERE d.organization_id = ",
    );
    sql.bind(tenant());
    sql.raw(
        " AND d.id = n.id AND (d.amount, d.percent) IS DISTINCT FROM (n.amount, n.percent)
        ), totals AS (
            SELECT b.id, b.mixed, b.subtotal, b.tax, b.added, coalesce(d.discounts, 0) AS discounts,
                b.subtotal - coalesce(d.discounts, 0) AS discounted,
                b.subtotal - coalesce(d.discounts, 0) + b.shipping + b.added AS total
            FROM base b
            LEFT JOIN (SELECT order_id, sum(amount) AS discounts FROM derived GROUP BY order_id) d ON d.order_id = b.id
        ), stored AS (
            UPDATE sales_order o
            SET subtotal_value = t.subtotal, total_discounts_amount = t.discounts,
                subtotal_with_discounts = t.discounted, tax_amount = t.tax, tax_added = t.added,
                total_value = t.total, updated_at = ",
    );
    sql.bind(Value::DateTime(now)).raw(" FROM totals t WHERE o.organization_id = ").bind(tenant());
    sql.raw(
        " AND o.id = t.id
                AND (o.subtotal_value, o.total_discounts_amount, o.subtotal_with_discounts, o.tax_amount, o.tax_added,
                    o.total_value)
                    IS DISTINCT FROM (t.subtotal, t.discounts, t.discounted, t.tax, t.added, t.total)
            RETURNING o.id
        )
        SELECT t.id, s.id IS NOT NULL, t.mixed, coalesce(x.lines, '{}')
        FROM totals t LEFT JOIN stored s ON s.id = t.id
        LEFT JOIN (SELECT order_id, array_agg(id) AS lines FROM taxed GROUP BY order_id) x ON x.order_id = t.id",
    );
    sql.collect(conn, |row| {
        Ok(Totalled {
            order: row.integer(0)?.unwrap_or_default(),
            changed: row.boolean(1)?.unwrap_or_default(),
            mixed: row.boolean(2)?.unwrap_or_default(),
            taxed: row.get::<st::Array<st::BigInt>, Vec<i64>>(3)?.unwrap_or_default(),
        })
    })
}
