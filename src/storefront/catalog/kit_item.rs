//! `productkititems` and `productkititemproducts`: what a kit is made of.

use crate::engine::field::{boolean, date_time, float, integer, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ownership, READ_ONLY, Resource};
use crate::storefront::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::storefront::texts::{Localized, Source};

pub static KIT_ITEM: Resource = Resource::new("productkititems", "product_kit_item")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["productKit"]))
    .public()
    .computed(&Localized(&[Source::own("label", "product_kit_item_label", "kit_item_id", "string")]))
    .about("A part of a kit: the products to choose from, in which unit and how many.")
    .fields(&[
        text("label").computed(),
        float("minimumQuantity").column("minimum_quantity").read_only(),
        float("maximumQuantity").column("maximum_quantity").read_only(),
        boolean("optional").read_only().not_null(),
        integer("sortOrder").column("sort_order").read_only().not_null(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("productKit", &PRODUCT, "product_kit_id").read_only().not_null(),
        to_many("kitItemProducts", &KIT_ITEM_PRODUCT, "kit_item_id").read_only(),
        to_one("productUnit", &PRODUCT_UNIT, "product_unit_code").read_only().not_null(),
    ]);

pub static KIT_ITEM_PRODUCT: Resource = Resource::new("productkititemproducts", "product_kit_item_product")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["kitItem"]))
    .public()
    .no_title()
    .about("A product that can be chosen for a part of a kit.")
    .fields(&[integer("sortOrder").column("sort_order").read_only().not_null()])
    .relations(&[
        to_one("kitItem", &KIT_ITEM, "kit_item_id").read_only().not_null(),
        to_one("product", &PRODUCT, "product_id").read_only().not_null(),
    ]);
