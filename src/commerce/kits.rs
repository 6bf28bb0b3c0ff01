//! The prices of kits on orders: input, the ids of line items; output, their stored values.
//!
//! `value = price of the kit + Σ value × quantity of its items`. The price of the kit is the one that the
//! customer gets on the default website ([`super::pricing`]) for product, unit, quantity and currency, else the one that
//! the request sends.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// A kit on an order after it was priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedKit {
    pub line: i64,
    pub order: i64,
    /// Whether the value or checksum differs from what was stored.
    pub changed: bool,
    /// Whether an item has another currency than the line.
    pub mixed: bool,
    /// Whether an item belongs to another kit.
    pub foreign: bool,
    /// The label of an item that must be chosen and is not.
    pub missing: Option<String>,
}

/// Prices those of the line items that are kits, in one statement. `sent`: the lines whose value comes from the
/// request and thus is the price of the kit alone.
pub fn price(conn: &mut PgConnection, organization: i64, lines: &[i64], sent: &[i64]) -> QueryResult<Vec<PricedKit>> {
    let tenant = || Value::Integer(organization);
    let mut sql = Sql::new();
    sql.raw(
        "WITH kit AS (
            SELECT l.id, l.order_id, o.customer_id, l.product_id, l.product_unit_id, l.currency, l.quantity,
                CASE WHEN l.kit_price IS NULL OR l.id = ANY(",
    );
    sql.bind(Value::Integers(sent.to_vec()));
    sql.raw(
        ") THEN l.value ELSE l.kit_price END AS sent
            FROM sales_order_line_item l
            JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
            JOIN product p ON p.organization_id = l.organization_id AND p.id = l.product_id AND p.product_type = 'kit'
            WHERE l.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND l.id = ANY(").bind(Value::Integers(lines.to_vec()));
    sql.raw(
        ")
        ), priced AS (
            SELECT k.id, k.order_id, coalesce(p.value, k.sent) AS kit_price, coalesce(i.total, 0) AS items,
                coalesce(i.checksum, '') AS checksum, coalesce(i.mixed, false) AS mixed,
                coalesce(i.foreign_item, false) AS foreign_item, m.label AS missing
            FROM kit k
            LEFT JOIN LATERAL (
                SELECT e.value FROM effective_price(now()) e
                WHERE e.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND e.website_id = (SELECT id FROM website WHERE is_default AND organization_id = ");
    sql.bind(tenant());
    sql.raw(
        ") AND e.customer_id = k.customer_id AND e.product_id = k.product_id
                    AND e.unit_code = k.product_unit_id AND e.currency = k.currency AND e.quantity <= k.quantity
                ORDER BY e.quantity DESC LIMIT 1
            ) p ON true
            LEFT JOIN LATERAL (
                SELECT round(sum(c.value * c.quantity), 4) AS total, bool_or(c.currency <> k.currency) AS mixed,
                    bool_or(ki.product_kit_id <> k.product_id) AS foreign_item,
                    encode(sha256(convert_to(string_agg(concat_ws(':', c.kit_item_id, c.product_id,
                        c.product_unit_id, trim_scale(c.quantity)), ';' ORDER BY c.kit_item_id, c.id), 'UTF8')), 'hex')
                        AS checksum
                FROM sales_order_kit_item_line_item c
                JOIN product_kit_item ki ON ki.organization_id = c.organization_id AND ki.id = c.kit_item_id
                WHERE c.organization_id = ",
    );
    sql.bind(tenant());
    sql.raw(
        " AND c.line_item_id = k.id
            ) i ON true
            LEFT JOIN LATERAL (
                SELECT coalesce(n.string, ki.id::text) AS label
                FROM product_kit_item ki
                LEFT JOIN product_kit_item_label n ON n.organization_id = ki.organization_id
                    AND n.kit_item_id = ki.id AND n.localization_id IS NULL
                WHERE ki.organization_id = ",
    );
    sql.bind(tenant());
    sql.raw(
        " AND ki.product_kit_id = k.product_id AND NOT ki.optional AND NOT EXISTS (
                    SELECT FROM sales_order_kit_item_line_item c
                    WHERE c.organization_id = ki.organization_id AND c.line_item_id = k.id AND c.kit_item_id = ki.id)
                ORDER BY ki.id LIMIT 1
            ) m ON true
        ), stored AS (
            UPDATE sales_order_line_item l
            SET value = p.kit_price + p.items, kit_price = p.kit_price, checksum = p.checksum
            FROM priced p
            WHERE l.organization_id = ",
    );
    sql.bind(tenant());
    sql.raw(
        " AND l.id = p.id AND (l.value, l.kit_price, l.checksum)
                IS DISTINCT FROM (p.kit_price + p.items, p.kit_price, p.checksum)
            RETURNING l.id
        )
        SELECT p.id, p.order_id, s.id IS NOT NULL, p.mixed, p.foreign_item, p.missing
        FROM priced p LEFT JOIN stored s ON s.id = p.id",
    );
    sql.collect(conn, |row| {
        Ok(PricedKit {
            line: row.integer(0)?.unwrap_or_default(),
            order: row.integer(1)?.unwrap_or_default(),
            changed: row.boolean(2)?.unwrap_or_default(),
            mixed: row.boolean(3)?.unwrap_or_default(),
            foreign: row.boolean(4)?.unwrap_or_default(),
            missing: row.text(5)?,
        })
    })
}
