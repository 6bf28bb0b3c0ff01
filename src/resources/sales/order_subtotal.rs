//! `ordersubtotals`: the rows of an order's price, read from a view.

use crate::engine::field::{Field, array, boolean, currency, enumeration, money, text};
use crate::engine::filter::{FilterSpec, Operator, Operators};
use crate::engine::relation::{Relation, to_one};
use crate::engine::resource::{Actions, Ownership, Resource};
use crate::resources::pricing::PRICE_LIST;
use crate::resources::sales::ORDER;

static FIELDS: &[Field] = &[
    enumeration("orderSubtotalType", &["subtotal", "discount", "shipping_cost", "tax"]).column("type").read_only(),
    text("label").read_only(),
    money("amount").read_only(),
    money("signedAmount")
        .column("signed_amount")
        .read_only()
        .about("What is added to the total: discounts are negative, tax that prices include is zero."),
    currency("currency").read_only(),
    boolean("visible").read_only(),
    array("data").read_only(),
];

const BY_ORDER: FilterSpec = FilterSpec::new(Operators::of(&[Operator::Eq])).lists().ranges();

static RELATIONS: &[Relation] = &[
    to_one("order", &ORDER, "order_id").read_only().no_routes().filter(BY_ORDER).no_sort(),
    to_one("priceList", &PRICE_LIST, "price_list_id").read_only().no_routes().no_filter().no_sort(),
];

const LIST_ONLY: Actions =
    Actions { list: true, get: false, create: false, update: false, delete: false, delete_list: false };

pub static ORDER_SUBTOTAL: Resource = Resource::new("ordersubtotals", "sales_order_subtotal")
    .text_id("id")
    .id_begins_with("order_id")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::Part(&["order"]))
    .actions(LIST_ONLY)
    .mandatory_filters(&["order"])
    .no_meta()
    .no_paging()
    .no_sorting()
    .about("The rows of an order's price: subtotal, discounts, shipping cost, tax. Lists need `filter[order]`.");
