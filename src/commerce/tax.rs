//! The taxes of orders: input, ids of orders; output, a table of what each line, and the shipping, is taxed.
//!
//! A rule applies where the tax code of the product (of a free-form line, or of shipping: its own), the tax code of the
//! customer (else of its group) and the jurisdiction of the order's address meet; the rates of all that apply are added.
//! A tax is `amount × rate` of what prices do not include, and `amount × rate ÷ (1 + rate)` of what they do.
//!
//! Of each line it also tells which taxes these are, as the storefront shows them: the cents of the line are shared out
//! by their rates.
//!
//! Cents are rounded half up: for each line, or once for the whole order. Then a line is what the order's tax up to and
//! with it is more than the tax before it, so that lines and shipping always sum up to the order's tax. What a division
//! leaves beyond twelve decimals is dropped first: three thirds of half a cent are half a cent.

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// The attributes of a line item that its tax changes.
pub const LINE_FIELDS: &[&str] = &["rowTotalAfterDiscountExcludingTax", "rowTotalAfterDiscountIncludingTax"];

/// Queries for a WITH clause, the last of them
/// `tax_part (order_id, line_id, tax, included, rate, taxes)`: a row for each line, and one without `line_id` for taxed
/// shipping. `included`: the tax is part of the price. `rate`: of all taxes of a line together. `taxes`: each of them,
/// `[{"tax": "CA", "rate": "0.08", "taxableAmount": "10.00", "taxAmount": "0.80", "currency": "USD"}]`.
pub fn parts(organization: i64, orders: &[i64]) -> Sql {
    let tenant = || Value::Integer(organization);
    let mut sql = Sql::new();
    sql.raw(
        "tax_place AS (
            SELECT o.id AS order_id, coalesce(c.tax_code_id, g.tax_code_id) AS customer_code, s.shipping_tax_code_id,
                coalesce(s.product_prices_include_tax, false) AS prices_include,
                coalesce(s.shipping_rates_include_tax, false) AS shipping_includes,
                coalesce(s.start_calculation_on = 'item', false) AS by_item,
                coalesce(o.overridden_shipping_cost, o.estimated_shipping_cost, 0) AS shipping,
                CASE WHEN s.use_as_base = 'origin' THEN s.origin_country_code ELSE a.country_code END AS country,
                CASE WHEN s.use_as_base = 'origin' THEN s.origin_region_code ELSE a.region_code END AS region,
                CASE WHEN s.use_as_base = 'origin' THEN s.origin_region_text ELSE a.custom_region END AS region_text,
                trim(CASE WHEN s.use_as_base = 'origin' THEN s.origin_postal_code ELSE a.postal_code END) AS postal_code
            FROM sales_order o
            JOIN customer c ON c.organization_id = o.organization_id AND c.id = o.customer_id
            LEFT JOIN customer_group g ON g.organization_id = c.organization_id AND g.id = c.group_id
            LEFT JOIN tax_settings s ON s.organization_id = o.organization_id AND s.enabled
            LEFT JOIN sales_order_address a ON a.organization_id = o.organization_id
                AND a.id = CASE s.use_as_base WHEN 'shipping_address' THEN o.shipping_address_id
                    WHEN 'billing_address' THEN o.billing_address_id END
            WHERE o.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND o.id").is_among(orders);
    sql.raw(
        "
        ), taxable AS (
            SELECT o.order_id, i.id AS line_id, i.row_total AS amount, i.currency, o.prices_include AS included,
                CASE WHEN i.product_id IS NULL THEN i.free_form_tax_code_id ELSE p.tax_code_id END AS product_code
            FROM tax_place o
            JOIN sales_order_line_item i ON i.organization_id = ",
    );
    sql.bind(tenant()).raw(
        " AND i.order_id = o.order_id
            LEFT JOIN product p ON p.organization_id = i.organization_id AND p.id = i.product_id
            UNION ALL
            SELECT order_id, NULL, shipping, NULL, shipping_includes, shipping_tax_code_id
            FROM tax_place WHERE shipping_tax_code_id IS NOT NULL
        ), tax_rate AS (
            SELECT k.order_id, k.product_code, sum(t.rate) AS rate,
                jsonb_agg(jsonb_build_object('tax', t.code, 'rate', t.rate) ORDER BY t.code, r.id) AS taxes
            FROM (SELECT DISTINCT order_id, product_code FROM taxable) k
            JOIN tax_place o ON o.order_id = k.order_id
            JOIN tax_rule r ON r.product_tax_code_id = k.product_code AND r.customer_tax_code_id = o.customer_code
            JOIN tax t ON t.organization_id = r.organization_id AND t.id = r.tax_id
            JOIN tax_jurisdiction j ON j.organization_id = r.organization_id AND j.id = r.tax_jurisdiction_id
            WHERE r.organization_id = ",
    );
    sql.bind(tenant()).raw(
        " AND j.country_code = o.country
                AND (j.region_code IS NULL OR j.region_code = o.region)
                AND (j.region_text IS NULL OR lower(j.region_text) = lower(o.region_text))
                AND (j.zip_codes = '[]' OR EXISTS (
                    SELECT FROM jsonb_to_recordset(j.zip_codes) AS z (\"from\" text, \"to\" text)
                    WHERE CASE WHEN z.\"to\" IS NULL THEN lower(z.\"from\") = lower(o.postal_code)
                        ELSE substring(o.postal_code FROM '^[0-9]+')::numeric
                            BETWEEN z.\"from\"::numeric AND z.\"to\"::numeric END))
            GROUP BY k.order_id, k.product_code
        ), tax_exact AS (
            SELECT a.order_id, a.line_id, a.included, a.amount, a.currency, r.rate, r.taxes,
                CASE WHEN a.included THEN (a.amount * r.rate)::numeric(60, 24) / (1 + r.rate) ELSE a.amount * r.rate END AS tax
            FROM taxable a
            LEFT JOIN tax_rate r ON r.order_id = a.order_id AND r.product_code = a.product_code
        ), tax_part AS (
            SELECT e.order_id, e.line_id, n.tax, e.included AND n.tax <> 0 AS included,
                coalesce(e.rate, 0) AS rate, coalesce(shown.taxes, '[]') AS taxes
            FROM (
                SELECT order_id, line_id, included, amount, currency, rate, taxes, coalesce(tax, 0) AS tax,
                    sum(coalesce(tax, 0)) OVER (PARTITION BY order_id ORDER BY line_id NULLS LAST) AS so_far
                FROM tax_exact
            ) e
            JOIN tax_place o ON o.order_id = e.order_id
            CROSS JOIN LATERAL (
                SELECT CASE WHEN o.by_item THEN round(round(e.tax, 12), 2)
                    ELSE round(round(e.so_far, 12), 2) - round(round(e.so_far - e.tax, 12), 2) END AS tax
            ) n
            LEFT JOIN LATERAL (
                SELECT jsonb_agg(jsonb_build_object('tax', t.code, 'rate', trim_scale(t.rate)::text,
                    'taxableAmount', round(e.amount - CASE WHEN e.included THEN n.tax ELSE 0 END, 2)::text,
                    'taxAmount', (round(coalesce(n.tax * t.so_far / nullif(e.rate, 0), 0), 2)
                        - round(coalesce(n.tax * (t.so_far - t.rate) / nullif(e.rate, 0), 0), 2))::text,
                    'currency', e.currency) ORDER BY t.place) AS taxes
                FROM (
                    SELECT place, tax ->> 'tax' AS code, (tax ->> 'rate')::numeric AS rate,
                        sum((tax ->> 'rate')::numeric) OVER (ORDER BY place) AS so_far
                    FROM jsonb_array_elements(e.taxes) WITH ORDINALITY AS each (tax, place)
                ) t
            ) shown ON e.line_id IS NOT NULL
        )",
    );
    sql
}
