//! `categoryshortdescriptions`: the short texts of categories, one per localization.

use crate::engine::field::{enumeration, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{NO_DELETE, Ownership, Resource, UniqueKey};
use crate::resources::catalog::CATEGORY;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static CATEGORY_SHORT_DESCRIPTION: Resource =
    Resource::new("categoryshortdescriptions", "category_short_description")
        .actions(NO_DELETE)
        .owned_by(Ownership::Part(&["category"]))
        .about("The short description of a category in one localization; without a localization it is the default one.")
        .fields(&[enumeration("fallback", FALLBACKS).filter().sort(), long_text("text")])
        .relations(&[
            to_one("localization", &LOCALIZATION, "localization_id"),
            to_one("category", &CATEGORY, "category_id").required(1),
        ])
        .unique(&[UniqueKey {
            constraint: "category_short_description_category_id_localization_id_key",
            members: &["category", "localization"],
            upsert: false,
        }]);
