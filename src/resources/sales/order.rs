//! `orders`.

mod rules;

use self::rules::OrderRules;
use crate::engine::field::{
    Field, Literal, boolean, currency, date, date_time, enumeration, float, long_text, money, text,
};
use crate::engine::filter::{COMPARISON, FilterSpec};
use crate::engine::relation::{Relation, polymorphic, through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::activity::attachment::attachments;
use crate::resources::activity::note::notes;
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER, PAYMENT_TERM};
use crate::resources::sales::{
    ORDER_ADDRESS, ORDER_DISCOUNT, ORDER_INTERNAL_STATUS, ORDER_LINE_ITEM, ORDER_SHIPPING_STATUS,
    ORDER_SHIPPING_TRACKING, ORDER_STATUS, ORDER_SUBTOTAL,
};
use crate::resources::system::{FILE, ORGANIZATION, USER};

/// How far an order is paid.
const PAYMENT_STATUSES: &[&str] = &["full", "partially", "invoiced", "authorized", "declined", "pending"];

static FIELDS: &[Field] = &[
    text("identifier")
        .max(255)
        .not_null()
        .filter_list()
        .case_insensitive()
        .sort()
        .indexed()
        .about("Unique in the organization; the server makes one where none is sent."),
    text("externalId").column("external_id").max(36).filter_list().indexed(),
    text("poNumber").max(255).column("po_number").filter_list().case_insensitive(),
    long_text("customerNotes").column("customer_notes"),
    date("shipUntil").column("ship_until"),
    currency("currency")
        .not_null()
        .create_only()
        .about("The currency of every line item; that of the first one where none is sent."),
    money("subtotalValue").column("subtotal_value").not_null().read_only(),
    money("totalDiscountsAmount").column("total_discounts_amount").not_null().read_only(),
    money("subtotalWithDiscountsValue").column("subtotal_with_discounts").not_null().read_only(),
    money("subtotalWithDiscounts").column("subtotal_with_discounts").not_null().read_only(),
    money("totalValue").column("total_value").not_null().read_only(),
    float("discount").not_null().read_only().about("What promotions take off the subtotal."),
    float("shippingDiscount").column("shipping_discount").not_null().read_only(),
    text("shippingMethod").max(255).column("shipping_method"),
    text("shippingMethodType").max(255).column("shipping_method_type"),
    money("estimatedShippingCostAmount").column("estimated_shipping_cost"),
    money("overriddenShippingCostAmount")
        .column("overridden_shipping_cost")
        .about("Taken instead of the estimated cost."),
    text("paymentMethod")
        .max(255)
        .column("payment_method")
        .about("The code of what it is paid with, such as `money_order_1`; without it, its payment term counts."),
    enumeration("paymentStatus", PAYMENT_STATUSES)
        .column("payment_status")
        .default(Literal::Text("pending"))
        .about("How far it is paid; told by whoever keeps the accounts, and shown to the customer."),
    text("sourceEntityClass").max(255).column("source_entity_class"),
    float("sourceEntityId").column("source_entity_number"),
    text("sourceEntityIdentifier").max(255).column("source_entity_identifier"),
    boolean("external").default(Literal::Boolean(false)).create_only().filter().sort(),
    boolean("disablePromotions").column("disable_promotions").default(Literal::Boolean(false)),
    date_time("createdAt").column("created_at").default(Literal::Now).filter().sort().indexed(),
    date_time("updatedAt").column("updated_at").not_null().read_only().filter().sort().indexed(),
];

static RELATIONS: &[Relation] = &[
    to_one("organization", &ORGANIZATION, "organization_id").not_null(),
    to_one("owner", &USER, "owner_id").not_null(),
    to_one("customer", &CUSTOMER, "customer_id").required(1),
    to_one("customerUser", &CUSTOMER_USER, "customer_user_id").about("A user of the order's customer."),
    to_one("createdBy", &USER, "created_by_id").create_only().about("The caller where none is sent."),
    to_one("billingAddress", &ORDER_ADDRESS, "billing_address_id").cascade(),
    to_one("shippingAddress", &ORDER_ADDRESS, "shipping_address_id").cascade(),
    to_one("paymentTerm", &PAYMENT_TERM, "payment_term_id"),
    to_many("lineItems", &ORDER_LINE_ITEM, "order_id").required(1).cascade().unlimited(),
    to_many("discounts", &ORDER_DISCOUNT, "order_id").cascade(),
    through("shippingTrackings", &ORDER_SHIPPING_TRACKING, "sales_order_tracked", "order_id", "shipping_tracking_id"),
    to_many("orderSubtotals", &ORDER_SUBTOTAL, "order_id").read_only().no_routes().no_filter().no_sort(),
    attachments("order_id"),
    notes("note_sales_order", "order_id"),
    to_one("parent", &ORDER, "parent_id"),
    to_many("subOrders", &ORDER, "parent_id"),
    polymorphic("source", &[&ORDER], "source_entity_class", "source_entity_id")
        .read_only()
        .about("What `sourceEntityClass` and `sourceEntityId` name."),
    through("documents", &FILE, "sales_order_document", "order_id", "file_id")
        .filter(FilterSpec::new(COMPARISON).lists().ranges()),
    to_one("status", &ORDER_STATUS, "status_id")
        .filter_list()
        .about("Kept by an external system; ignored unless `orders.external_status_management` is on."),
    to_one("internalStatus", &ORDER_INTERNAL_STATUS, "internal_status_id").not_null().read_only(),
    to_one("shippingStatus", &ORDER_SHIPPING_STATUS, "shipping_status_id").filter_list(),
];

pub static ORDER: Resource = Resource::new("orders", "sales_order")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .unique(&[
        UniqueKey { constraint: "sales_order_identifier_key", members: &["identifier"], upsert: true },
        UniqueKey { constraint: "sales_order_external_id_key", members: &["externalId"], upsert: false },
    ])
    .title(Title::Columns(&[Ident::new("identifier")]))
    .validatable()
    .rules(&OrderRules)
    .about("A customer's order. With `meta.validate` it is priced and checked, but not stored.");
