//! `productprices`: what a quantity of a product costs, per price list, unit and currency.

pub(super) mod rules;

use self::rules::ProductPriceRules;
use crate::engine::field::{Field, currency, float, money};
use crate::engine::filter::{FilterSpec, Operator, Operators};
use crate::engine::relation::{Relation, to_one};
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::resources::pricing::{PRICE_LIST, PRICE_RULE};

static FIELDS: &[Field] = &[
    float("quantity").required().about("The price holds from this quantity on."),
    money("value").required().about("The price of one unit, at least zero."),
    currency("currency").required().about("One of the price list's currencies."),
];

const ONLY_EQUAL: FilterSpec = FilterSpec::new(Operators::of(&[Operator::Eq])).ranges();

static RELATIONS: &[Relation] = &[
    to_one("product", &PRODUCT, "product_id").required(1).no_routes(),
    to_one("unit", &PRODUCT_UNIT, "unit_code").required(1).no_routes(),
    to_one("priceList", &PRICE_LIST, "price_list_id").required(1).create_only().no_routes().filter(ONLY_EQUAL),
    to_one("priceRule", &PRICE_RULE, "price_rule_id").hidden(),
];

pub static PRODUCT_PRICE: Resource = Resource::new("productprices", "product_price")
    .guid_id("price_list_id")
    .example_id("0197f2f0-5c1e-7c3a-9d57-1f5e0f6a2b11-1")
    .fields(FIELDS)
    .relations(RELATIONS)
    .unique(&[UniqueKey {
        constraint: "product_price_price_list_product_unit_quantity_currency_key",
        members: &["priceList", "product", "unit", "quantity", "currency"],
        upsert: true,
    }])
    .mandatory_filters(&["priceList"])
    .no_title()
    .rules(&ProductPriceRules)
    .about("The price of a product in a price list. Lists need `filter[priceList]`; the id is `{guid}-{price list}`.");
