//! `productvariantlinks`: the variants of a configurable product.

mod rules;

use self::rules::ProductVariantLinkRules;
use crate::engine::field::{Literal, boolean};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, Resource, UniqueKey};
use crate::resources::catalog::PRODUCT;

pub static PRODUCT_VARIANT_LINK: Resource = Resource::new("productvariantlinks", "product_variant_link")
    .owned_by(Ownership::Part(&["parentProduct"]))
    .no_title()
    .rules(&ProductVariantLinkRules)
    .about("A simple product as a variant of a configurable one.")
    .fields(&[boolean("visible").default(Literal::Boolean(true))])
    .relations(&[
        to_one("parentProduct", &PRODUCT, "parent_product_id")
            .required(1)
            .about("A configurable product; it stays the one that the link was made for."),
        to_one("product", &PRODUCT, "product_id").required(1).about("A simple product of the same attribute family."),
    ])
    .unique(&[UniqueKey {
        constraint: "product_variant_link_parent_product_id_product_id_key",
        members: &["parentProduct", "product"],
        upsert: false,
    }]);
