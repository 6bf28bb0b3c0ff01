//! `productnames`: the names of products, one per localization.

use crate::engine::field::{enumeration, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, NO_DELETE, Ownership, Resource, Title, UniqueKey};
use crate::resources::catalog::PRODUCT;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static PRODUCT_NAME: Resource = Resource::new("productnames", "product_name")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["product"]))
    .title(Title::Columns(&[Ident::new("string")]))
    .about("The name of a product in one localization; without a localization it is the default one.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        text("string").max(255).filter().sort().example("Cordless drill"),
    ])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id"),
        to_one("product", &PRODUCT, "product_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "product_name_product_id_localization_id_key",
        members: &["product", "localization"],
        upsert: false,
    }]);
