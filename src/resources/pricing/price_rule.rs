//! `pricerules`: expressions from which the prices of a list follow.

mod rules;

use self::rules::PriceRuleRules;
use crate::engine::field::{currency, float, integer, long_text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ownership, Resource};
use crate::resources::catalog::PRODUCT_UNIT;
use crate::resources::pricing::{PRICE_LIST, PRODUCT_PRICE};

pub static PRICE_RULE: Resource = Resource::new("pricerules", "price_rule")
    .fields(&[
        currency("currency").example("USD").about("Of the prices that are made, unless `currencyExpression` says it."),
        long_text("currencyExpression").column("currency_expression"),
        float("quantity").example("1").about("Of the prices that are made, unless `quantityExpression` says it."),
        long_text("quantityExpression").column("quantity_expression"),
        long_text("productUnitExpression").column("unit_expression"),
        long_text("ruleCondition")
            .column("rule_condition")
            .about("For which products and prices the rule holds, such as `product.category.id == 3`."),
        long_text("rule")
            .required()
            .example("99.5")
            .about("The value of the prices that are made, such as `pricelist[1].prices.value * 1.2`."),
        integer("priority").required().about("The rule with the smaller number comes first."),
    ])
    .relations(&[
        to_one("productUnit", &PRODUCT_UNIT, "unit_code")
            .example()
            .about("Of the prices that are made, unless `productUnitExpression` says it."),
        to_one("priceList", &PRICE_LIST, "price_list_id").required(1).create_only(),
        to_many("prices", &PRODUCT_PRICE, "price_rule_id").hidden().cascade(),
    ])
    .owned_by(Ownership::Part(&["priceList"]))
    .matched_by(&["priceList", "priority"])
    .no_title()
    .rules(&PriceRuleRules)
    // Each may make a price for every product.
    .chunks_of(100)
    .about("How prices of a list are computed, from the prices of other lists or from nothing but the rule.");
