//! `orderproductkititemlineitems`: what a customer chose for the items of a kit on an order.

mod rules;

use self::rules::OrderKitItemRules;
use crate::engine::field::{Field, Literal, boolean, currency, float, integer, money, text};
use crate::engine::relation::{Relation, to_one};
use crate::engine::resource::{Ownership, Resource};
use crate::resources::catalog::{PRODUCT, PRODUCT_KIT_ITEM, PRODUCT_UNIT};
use crate::resources::sales::ORDER_LINE_ITEM;

static FIELDS: &[Field] = &[
    float("quantity").required().about("Per kit; within the kit item's minimum and maximum."),
    money("value").required().about("The price of one unit; it is added to the price of the kit."),
    currency("currency").required(),
    integer("sortOrder").column("sort_order").default(Literal::Integer(0)),
    text("productSku").max(255).column("product_sku").about("Finds the product where `product` is not sent."),
    text("productName").column("product_name").read_only(),
    text("productUnitCode").column("product_unit_code").read_only(),
    integer("productUnitPrecision").column("product_unit_precision").not_null().read_only(),
    float("kitItemId").column("kit_item_number").read_only(),
    text("kitItemLabel").column("kit_item_label").read_only(),
    float("productId").column("product_number").read_only(),
    boolean("optional").not_null().read_only(),
    float("minimumQuantity").column("minimum_quantity").read_only(),
    float("maximumQuantity").column("maximum_quantity").read_only(),
];

static RELATIONS: &[Relation] = &[
    to_one("lineItem", &ORDER_LINE_ITEM, "line_item_id").required(1).create_only(),
    to_one("kitItem", &PRODUCT_KIT_ITEM, "kit_item_id").required(1).no_relationship_writes(),
    to_one("product", &PRODUCT, "product_id").example(),
    to_one("productUnit", &PRODUCT_UNIT, "product_unit_id").required(1),
];

pub static ORDER_KIT_ITEM_LINE_ITEM: Resource =
    Resource::new("orderproductkititemlineitems", "sales_order_kit_item_line_item")
        .fields(FIELDS)
        .relations(RELATIONS)
        .owned_by(Ownership::Part(&["lineItem"]))
        .no_title()
        .rules(&OrderKitItemRules)
        .about("The product chosen for an item of a kit. The price of the kit follows every change.");
