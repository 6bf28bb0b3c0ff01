//! `productkititemproducts`: the products to choose from for a part of a kit.

mod rules;

use self::rules::ProductKitItemProductRules;
use crate::engine::field::{Literal, integer};
use crate::engine::relation::to_one;
use crate::engine::resource::{NO_DELETE, Ownership, Resource, UniqueKey};
use crate::resources::catalog::{PRODUCT, PRODUCT_KIT_ITEM, PRODUCT_UNIT_PRECISION};

pub static PRODUCT_KIT_ITEM_PRODUCT: Resource = Resource::new("productkititemproducts", "product_kit_item_product")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["kitItem"]))
    .no_title()
    .rules(&ProductKitItemProductRules)
    .about("A product that can be chosen for a part of a kit.")
    .fields(&[integer("sortOrder").column("sort_order").default(Literal::Integer(0))])
    .relations(&[
        to_one("productUnitPrecision", &PRODUCT_UNIT_PRECISION, "product_unit_precision_id").read_only(),
        to_one("kitItem", &PRODUCT_KIT_ITEM, "kit_item_id").required(1).create_only(),
        to_one("product", &PRODUCT, "product_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "product_kit_item_product_kit_item_id_product_id_key",
        members: &["kitItem", "product"],
        upsert: false,
    }]);
