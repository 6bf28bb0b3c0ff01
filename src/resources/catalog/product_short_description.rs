//! `productshortdescriptions`: the short texts of products, one per localization.

use crate::engine::field::{enumeration, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{NO_DELETE, Ownership, Resource, UniqueKey};
use crate::resources::catalog::PRODUCT;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static PRODUCT_SHORT_DESCRIPTION: Resource = Resource::new("productshortdescriptions", "product_short_description")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["product"]))
    .about("The short description of a product in one localization; without a localization it is the default one.")
    .fields(&[enumeration("fallback", FALLBACKS).filter().sort(), long_text("text")])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id"),
        to_one("product", &PRODUCT, "product_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "product_short_description_product_id_localization_id_key",
        members: &["product", "localization"],
        upsert: false,
    }]);
