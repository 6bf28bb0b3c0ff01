//! `productshippingoptions`: the weight and size of a product in one of its units.

mod rules;

use self::rules::ProductShippingOptionsRules;
use crate::engine::field::float;
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, Resource, UniqueKey};
use crate::resources::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::resources::shipping::{FREIGHT_CLASS, LENGTH_UNIT, WEIGHT_UNIT};

pub static PRODUCT_SHIPPING_OPTIONS: Resource = Resource::new("productshippingoptions", "product_shipping_options")
    .owned_by(Ownership::Part(&["product"]))
    .no_title()
    .rules(&ProductShippingOptionsRules)
    .about("The weight, size and freight class of a product in one of its units.")
    .fields(&[
        float("weightValue").column("weight_value").about("In units of `weightUnit`, which it needs."),
        float("dimensionsLength").column("dimensions_length").about("In units of `dimensionsUnit`, which it needs."),
        float("dimensionsWidth").column("dimensions_width").about("In units of `dimensionsUnit`, which it needs."),
        float("dimensionsHeight").column("dimensions_height").about("In units of `dimensionsUnit`, which it needs."),
    ])
    .relations(&[
        to_one("weightUnit", &WEIGHT_UNIT, "weight_unit_code").example(),
        to_one("dimensionsUnit", &LENGTH_UNIT, "dimensions_unit_code").example(),
        to_one("product", &PRODUCT, "product_id").required(1),
        to_one("productUnit", &PRODUCT_UNIT, "product_unit_code").required(1),
        to_one("freightClass", &FREIGHT_CLASS, "freight_class_code"),
    ])
    .unique(&[UniqueKey {
        constraint: "product_shipping_options_product_id_product_unit_code_key",
        members: &["product", "productUnit"],
        upsert: false,
    }]);
