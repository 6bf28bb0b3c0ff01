//! `orders` in the storefront, to be read.

use diesel::pg::PgConnection;

use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::field::{boolean, currency, date, date_time, json, long_text, money, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::customer::{CUSTOMER, CUSTOMER_USER};
use crate::storefront::sales::{ORDER_ADDRESS, ORDER_LINE_ITEM, ORDER_SHIPPING_STATUS, ORDER_STATUS};

pub static ORDER: Resource = Resource::new("orders", "sales_order")
    .actions(READ_ONLY)
    .owned_by(Ownership::CustomerUser { user: Ident::new("customer_user_id"), customer: Ident::new("customer_id") })
    .title(Title::Columns(&[Ident::new("identifier")]))
    .computed(&Parts)
    .about("An order of the caller, or of the caller's customers.")
    .fields(&[
        text("identifier").read_only().not_null().filter_list().case_insensitive().sort().indexed(),
        text("poNumber").column("po_number").read_only().filter_list().case_insensitive(),
        long_text("customerNotes").column("customer_notes").read_only(),
        date("shipUntil").column("ship_until").read_only(),
        currency("currency").read_only().not_null(),
        money("subtotalValue").column("subtotal_value").read_only().not_null(),
        money("subtotalWithDiscountsValue").column("subtotal_with_discounts").read_only().not_null(),
        money("subtotalWithDiscounts").column("subtotal_with_discounts").read_only().not_null(),
        money("totalValue").column("total_value").read_only().not_null(),
        money("totalIncludingTax").column("total_value").read_only().not_null(),
        money("totalExcludingTax").computed(),
        money("totalTaxAmount").column("tax_amount").read_only().not_null(),
        json("discounts")
            .computed()
            .about("`[{\"type\": \"…\", \"description\": \"Spring\", \"amount\": \"5.0000\"}]`"),
        json("shippingTrackings").computed().about("`[{\"method\": \"ups\", \"number\": \"1Z999\"}]`"),
        json("shippingMethod").computed().about("`{\"code\": \"flat_rate\", \"type\": \"primary\"}`"),
        money("shippingCostAmount").computed(),
        text("paymentTerm").computed().about("The label of the payment term."),
        boolean("disablePromotions").column("disable_promotions").read_only().not_null(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
    ])
    .relations(&[
        to_many("lineItems", &ORDER_LINE_ITEM, "order_id").read_only().unlimited(),
        to_one("status", &ORDER_STATUS, "status_id").read_only().filter_list(),
        to_one("shippingStatus", &ORDER_SHIPPING_STATUS, "shipping_status_id").read_only().filter_list(),
        to_one("customer", &CUSTOMER, "customer_id").read_only().not_null(),
        to_one("customerUser", &CUSTOMER_USER, "customer_user_id").read_only(),
        to_one("billingAddress", &ORDER_ADDRESS, "billing_address_id").read_only(),
        to_one("shippingAddress", &ORDER_ADDRESS, "shipping_address_id").read_only(),
        to_one("parent", &ORDER, "parent_id").read_only(),
        to_many("subOrders", &ORDER, "parent_id").read_only(),
    ]);

/// What an order shows of the records that belong to it.
struct Parts;

impl Computed for Parts {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
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
             CASE WHEN o.shipping_method IS NOT NULL \
             THEN jsonb_build_object('code', o.shipping_method, 'type', o.shipping_method_type) END, \
             to_jsonb(round(COALESCE(o.overridden_shipping_cost, o.estimated_shipping_cost), 4)::text), \
             to_jsonb(term.label), to_jsonb(round(o.total_value - o.tax_amount, 4)::text) \
             FROM sales_order o LEFT JOIN payment_term term \
             ON term.organization_id = o.organization_id AND term.id = o.payment_term_id WHERE o.organization_id = ",
        );
        sql.bind(Value::Integer(ask.caller.organization)).raw(" AND o.id = ANY(").bind(Value::Integers(ask.ids()));
        sql.raw(")");
        let attributes = [
            "discounts",
            "shippingTrackings",
            "shippingMethod",
            "shippingCostAmount",
            "paymentTerm",
            "totalExcludingTax",
        ];
        values.read(conn, sql, &attributes)
    }
}
