//! `categorytitles`: the names of categories, one per localization.

use crate::engine::field::{enumeration, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, NO_DELETE, Ownership, Resource, Title, UniqueKey};
use crate::resources::catalog::CATEGORY;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static CATEGORY_TITLE: Resource = Resource::new("categorytitles", "category_title")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["category"]))
    .title(Title::Columns(&[Ident::new("string")]))
    .about("The name of a category in one localization; without a localization it is the default one.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        text("string").max(255).filter().sort().example("Tools"),
    ])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id"),
        to_one("category", &CATEGORY, "category_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "category_title_category_id_localization_id_key",
        members: &["category", "localization"],
        upsert: false,
    }]);
