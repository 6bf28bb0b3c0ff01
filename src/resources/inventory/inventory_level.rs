//! `inventorylevels`: the stock of a product in one of its units.

use crate::engine::field::{Field, decimal, text};
use crate::engine::relation::{Relation, to_one};
use crate::engine::resource::{READ_AND_UPDATE, Resource, UniqueKey};
use crate::resources::catalog::{PRODUCT, PRODUCT_UNIT_PRECISION};
use crate::resources::system::ORGANIZATION;

static FIELDS: &[Field] =
    &[decimal("quantity").not_null(), text("externalId").column("external_id").max(36).filter_list().indexed()];

static RELATIONS: &[Relation] = &[
    to_one("product", &PRODUCT, "product_id").not_null().read_only(),
    to_one("productUnitPrecision", &PRODUCT_UNIT_PRECISION, "product_unit_precision_id").not_null().read_only(),
    to_one("organization", &ORGANIZATION, "organization_id").not_null().read_only(),
];

pub static INVENTORY_LEVEL: Resource = Resource::new("inventorylevels", "inventory_level")
    .fields(FIELDS)
    .relations(RELATIONS)
    .actions(READ_AND_UPDATE)
    .unique(&[
        UniqueKey {
            constraint: "inventory_level_product_unit_precision_id_key",
            members: &["productUnitPrecision"],
            upsert: true,
        },
        UniqueKey { constraint: "inventory_level_external_id_key", members: &["externalId"], upsert: false },
    ])
    .no_title()
    .about("The quantity in stock, one level per unit precision. It is made with the precision, with quantity 0.");
