//! What an order shows of the records that belong to it, and how it is paid and shipped.

use diesel::pg::PgConnection;

use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::media;

pub struct Parts;

impl Computed for Parts {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        values.read(conn, parts(ask), &["discounts", "shippingTrackings", "documents"])?;
        let attributes = [
            "shippingMethod",
            "shippingCostAmount",
            "paymentTerm",
            "paymentStatus",
            "paymentMethod",
            "totalExcludingTax",
        ];
        values.read(conn, terms(ask), &attributes)
    }
}

fn parts(ask: Ask<'_>) -> Sql {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT o.id, \
         COALESCE((SELECT jsonb_agg(jsonb_build_object('type', d.type, 'description', d.description, \
         'amount', round(d.amount, 4)::text) ORDER BY d.id) FROM sales_order_discount d \
         WHERE d.organization_id = o.organization_id AND d.order_id = o.id), '[]'), \
         COALESCE((SELECT jsonb_agg(jsonb_build_object('method', t.method, 'number', t.number) ORDER BY t.id) \
         FROM sales_order_tracked link JOIN sales_order_shipping_tracking t \
         ON t.organization_id = link.organization_id AND t.id = link.shipping_tracking_id \
         WHERE link.organization_id = o.organization_id AND link.order_id = o.id), '[]'), \
         COALESCE((SELECT jsonb_agg(jsonb_build_object('mimeType', f.mime_type, 'originalFilename', f.original_filename, \
         'url', ",
    );
    sql.raw(media::URL).raw(
        ") ORDER BY f.id) FROM sales_order_document link JOIN file f \
         ON f.organization_id = link.organization_id AND f.id = link.file_id \
         WHERE link.organization_id = o.organization_id AND link.order_id = o.id), '[]') \
         FROM sales_order o",
    );
    of_these(&mut sql, ask);
    sql
}

fn terms(ask: Ask<'_>) -> Sql {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT o.id, CASE WHEN o.shipping_method IS NOT NULL THEN jsonb_build_object('code', o.shipping_method, \
         'type', o.shipping_method_type, 'label', ",
    );
    method_label(&mut sql, "o.shipping_method");
    sql.raw(
        ") END, \
         to_jsonb(round(COALESCE(o.overridden_shipping_cost, o.estimated_shipping_cost), 4)::text), \
         to_jsonb(term.label), \
         jsonb_build_object('code', o.payment_status, 'label', CASE o.payment_status WHEN 'full' THEN 'Paid in full' \
         WHEN 'partially' THEN 'Paid partially' WHEN 'invoiced' THEN 'Invoiced' \
         WHEN 'authorized' THEN 'Payment authorized' WHEN 'declined' THEN 'Payment declined' \
         WHEN 'pending' THEN 'Pending payment' END), \
         COALESCE((SELECT jsonb_build_array(jsonb_build_object('code', method.code, 'label', ",
    );
    method_label(&mut sql, "method.code");
    sql.raw(
        ")) WHERE method.code IS NOT NULL), '[]'), \
         to_jsonb(round(o.total_value - o.tax_amount, 4)::text) \
         FROM sales_order o LEFT JOIN payment_term term \
         ON term.organization_id = o.organization_id AND term.id = o.payment_term_id \
         CROSS JOIN LATERAL (SELECT COALESCE(o.payment_method, \
         CASE WHEN o.payment_term_id IS NOT NULL THEN 'payment_term' END) AS code) method",
    );
    of_these(&mut sql, ask);
    sql
}

/// The name of a method, made of its code: `flat_rate_1` is Flat Rate.
fn method_label(sql: &mut Sql, code: &'static str) {
    sql.raw("initcap(replace(regexp_replace(").raw(code).raw(", '_[0-9]+$', ''), '_', ' '))");
}

fn of_these(sql: &mut Sql, ask: Ask<'_>) {
    sql.raw(" WHERE o.organization_id = ").bind(Value::Integer(ask.caller.organization));
    sql.raw(" AND o.id = ANY(").bind(Value::Integers(ask.ids())).raw(")");
}
