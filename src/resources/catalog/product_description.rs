//! `productdescriptions`: the long texts of products, in HTML, one per localization.

use crate::engine::field::{enumeration, json, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{NO_DELETE, Ownership, Resource, UniqueKey};
use crate::resources::catalog::PRODUCT;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static PRODUCT_DESCRIPTION: Resource = Resource::new("productdescriptions", "product_description")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["product"]))
    .about("The long description of a product, in HTML, in one localization; without a localization it is the default one.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        long_text("wysiwyg"),
        long_text("wysiwygStyle").column("wysiwyg_style"),
        json("wysiwygProperties").column("wysiwyg_properties"),
    ])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id"),
        to_one("product", &PRODUCT, "product_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "product_description_product_id_localization_id_key",
        members: &["product", "localization"],
        upsert: false,
    }]);
