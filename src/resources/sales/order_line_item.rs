//! `orderlineitems`: the products of an order.

mod rules;

use self::rules::OrderLineRules;
use crate::engine::field::{
    Field, Literal, array, boolean, currency, date, date_time, float, integer, long_text, money, text,
};
use crate::engine::filter::{FilterSpec, Operator, Operators};
use crate::engine::relation::{Relation, to_many, to_one};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ownership, Resource};
use crate::resources::catalog::{PRODUCT, PRODUCT_TAX_CODE, PRODUCT_UNIT};
use crate::resources::sales::{ORDER, ORDER_KIT_ITEM_LINE_ITEM};

static FIELDS: &[Field] = &[
    float("quantity").required().about("With at most the decimals of the product's unit."),
    money("value").required().about("The price of one unit. For a kit, the server adds the prices of its items."),
    currency("currency").required().about("The order's currency."),
    text("productSku")
        .max(255)
        .column("product_sku")
        .about("Finds the product, whatever its letter case, where `product` is not sent."),
    text("productName").column("product_name").read_only(),
    text("freeFormProduct")
        .max(255)
        .column("free_form_product")
        .about("The name of something that is no product of the catalogue."),
    array("productVariantFields").column("product_variant_fields"),
    text("productUnitCode").column("product_unit_code").read_only(),
    text("checksum").not_null().read_only().about("Tells apart lines with the same kit and different items."),
    integer("priceType").column("price_type").default(Literal::Integer(10)),
    date("shipBy").column("ship_by"),
    boolean("fromExternalSource").column("from_external_source").default(Literal::Boolean(false)),
    long_text("comment"),
    text("shippingMethod").max(255).column("shipping_method"),
    text("shippingMethodType").max(255).column("shipping_method_type"),
    money("shippingEstimateAmount").column("shipping_estimate_amount"),
    money("rowTotalDiscountAmount").column("row_total_discount_amount").not_null().read_only(),
    money("rowTotalAfterDiscount").column("row_total_after_discount").read_only(),
    money("rowTotalAfterDiscountExcludingTax").column("row_total_after_discount_excluding_tax").read_only(),
    money("rowTotalAfterDiscountIncludingTax").column("row_total_after_discount_including_tax").read_only(),
    boolean("draftDelete").column("draft_delete").default(Literal::Boolean(false)),
    date_time("createdAt").column("created_at").not_null().read_only().filter().sort().indexed(),
    date_time("updatedAt").column("updated_at").not_null().read_only().filter().sort().indexed(),
];

static RELATIONS: &[Relation] = &[
    to_one("orders", &ORDER, "order_id").listed().required(1).create_only(),
    to_one("product", &PRODUCT, "product_id").example(),
    to_one("parentProduct", &PRODUCT, "parent_product_id"),
    to_one("productUnit", &PRODUCT_UNIT, "product_unit_id").required(1),
    to_many("kitItemLineItems", &ORDER_KIT_ITEM_LINE_ITEM, "line_item_id").cascade(),
    to_one("freeFormTaxCode", &PRODUCT_TAX_CODE, "free_form_tax_code_id"),
];

const BY_ID: FilterSpec = FilterSpec::new(Operators::of(&[Operator::Eq, Operator::Neq])).lists().ranges();

static EXTRA_FILTERS: &[ExtraFilter] = &[
    ExtraFilter { name: "customer", target: FilterTarget::Path("orders.customer"), spec: BY_ID },
    ExtraFilter { name: "customerUser", target: FilterTarget::Path("orders.customerUser"), spec: BY_ID },
];

pub static ORDER_LINE_ITEM: Resource = Resource::new("orderlineitems", "sales_order_line_item")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::Part(&["orders"]))
    .extra_filters(EXTRA_FILTERS)
    .no_title()
    .rules(&OrderLineRules)
    .about("A product on an order, with its price from the request. The order's totals follow every change.");
