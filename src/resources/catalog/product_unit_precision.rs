//! `productunitprecisions`: the units a product is sold in, each with its decimals.

mod rules;

use self::rules::ProductUnitPrecisionRules;
use crate::engine::field::{Literal, boolean, float, integer};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ownership, Resource, UniqueKey};
use crate::resources::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::resources::inventory::INVENTORY_LEVEL;

pub static PRODUCT_UNIT_PRECISION: Resource = Resource::new("productunitprecisions", "product_unit_precision")
    .owned_by(Ownership::Part(&["product"]))
    .no_title()
    .about("A unit that a product is sold in, with the decimals of its quantities.")
    .fields(&[
        integer("precision").required().about("Decimals of a quantity, 0 to 10."),
        float("conversionRate").column("conversion_rate").about("How many primary units this unit is."),
        boolean("sell").default(Literal::Boolean(true)),
    ])
    .rules(&ProductUnitPrecisionRules)
    .relations(&[
        to_one("product", &PRODUCT, "product_id").required(1),
        to_one("unit", &PRODUCT_UNIT, "unit_code").required(1),
        to_many("inventoryLevels", &INVENTORY_LEVEL, "product_unit_precision_id").hidden().cascade(),
    ])
    .unique(&[UniqueKey {
        constraint: "product_unit_precision_product_id_unit_code_key",
        members: &["product", "unit"],
        upsert: false,
    }]);
