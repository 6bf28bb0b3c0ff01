//! `productkititems`: the parts of a kit, each a choice of products.

mod rules;

use self::rules::ProductKitItemRules;
use crate::engine::field::{Literal, boolean, date_time, float, integer};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ownership, Resource, Title};
use crate::resources::catalog::{PRODUCT, PRODUCT_KIT_ITEM_LABEL, PRODUCT_KIT_ITEM_PRODUCT, PRODUCT_UNIT};

pub static PRODUCT_KIT_ITEM: Resource = Resource::new("productkititems", "product_kit_item")
    .matched_by(&["sortOrder"])
    .owned_by(Ownership::Part(&["productKit"]))
    .title(Title::Localized("labels"))
    .rules(&ProductKitItemRules)
    .about("A part of a kit: the products to choose from, in which unit and how many.")
    .fields(&[
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        integer("sortOrder").column("sort_order").default(Literal::Integer(0)),
        boolean("optional").default(Literal::Boolean(false)),
        float("minimumQuantity").column("minimum_quantity"),
        float("maximumQuantity").column("maximum_quantity"),
    ])
    .relations(&[
        to_many("labels", &PRODUCT_KIT_ITEM_LABEL, "kit_item_id").required(1).cascade().no_relationship_writes(),
        to_one("productKit", &PRODUCT, "product_kit_id").required(1).create_only(),
        to_many("kitItemProducts", &PRODUCT_KIT_ITEM_PRODUCT, "kit_item_id").required(1).cascade(),
        to_one("productUnit", &PRODUCT_UNIT, "product_unit_code").required(1),
        through("products", &PRODUCT, "product_kit_item_product", "kit_item_id", "product_id")
            .read_only()
            .no_filter()
            .no_sort(),
    ]);
