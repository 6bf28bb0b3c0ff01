//! `productimagetypes`: where a product's picture is shown.

use crate::engine::field::text;
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, Resource, UniqueKey};
use crate::resources::catalog::PRODUCT_IMAGE;

pub static PRODUCT_IMAGE_TYPE: Resource = Resource::new("productimagetypes", "product_image_type")
    .owned_by(Ownership::Part(&["productImage"]))
    .no_title()
    .about("Where a product's picture is shown: `main`, `listing` or `additional`.")
    .fields(&[text("productImageTypeType").column("type").required().max(255).filter().sort().example("main")])
    .relations(&[to_one("productImage", &PRODUCT_IMAGE, "product_image_id").required(1)])
    .unique(&[UniqueKey {
        constraint: "product_image_type_product_image_id_type_key",
        members: &["productImage", "productImageTypeType"],
        upsert: false,
    }]);
