//! `categorylongdescriptions`: the long texts of categories, in HTML, one per localization.

use crate::engine::field::{enumeration, json, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{NO_DELETE, Ownership, Resource, UniqueKey};
use crate::resources::catalog::CATEGORY;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static CATEGORY_LONG_DESCRIPTION: Resource = Resource::new("categorylongdescriptions", "category_long_description")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["category"]))
    .about("The long description of a category, in HTML, in one localization; without a localization it is the default one.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        long_text("wysiwyg"),
        long_text("wysiwygStyle").column("wysiwyg_style"),
        json("wysiwygProperties").column("wysiwyg_properties"),
    ])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id"),
        to_one("category", &CATEGORY, "category_id").required(1),
    ])
    .unique(&[UniqueKey {
        constraint: "category_long_description_category_id_localization_id_key",
        members: &["category", "localization"],
        upsert: false,
    }]);
