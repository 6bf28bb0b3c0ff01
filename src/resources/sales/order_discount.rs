//! `orderdiscounts`: reductions of an order's subtotal, by amount or by percent.

mod rules;

use self::rules::OrderDiscountRules;
use crate::engine::field::{Field, long_text, money, percent_100, text};
use crate::engine::relation::{Relation, to_one};
use crate::engine::resource::{Ownership, Resource};
use crate::resources::sales::ORDER;

static FIELDS: &[Field] = &[
    text("orderDiscountType")
        .max(255)
        .column("type")
        .required()
        .example("oro_order_discount_item_type_percent")
        .about("`oro_order_discount_item_type_amount` or `oro_order_discount_item_type_percent`."),
    percent_100("percent").example("0.1").about("Derived from the amount for a discount by amount."),
    money("amount").about("Derived from the subtotal for a discount by percent."),
    long_text("description"),
];

static RELATIONS: &[Relation] = &[to_one("order", &ORDER, "order_id").required(1).create_only()];

pub static ORDER_DISCOUNT: Resource = Resource::new("orderdiscounts", "sales_order_discount")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::Part(&["order"]))
    .no_title()
    .rules(&OrderDiscountRules)
    .about("A discount on an order's subtotal. The order's totals follow every change.");
