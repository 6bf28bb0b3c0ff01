//! `localizedfallbackvalues`: texts in one language, parts of brands, products, categories and others.

use crate::engine::field::{enumeration, json, long_text, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, NO_DELETE, Resource, Title};
use crate::resources::system::LOCALIZATION;

/// What a text falls back to when it has none of its own.
pub const FALLBACKS: &[&str] = &["system", "parent_localization"];

pub static LOCALIZED_FALLBACK_VALUE: Resource = Resource::new("localizedfallbackvalues", "localized_fallback_value")
    .actions(NO_DELETE)
    .title(Title::Columns(&[Ident::new("string")]))
    .about("A text of another record in one localization; without a localization it is the default text.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        text("string").max(255).filter().sort().example("Tools"),
        long_text("text"),
        long_text("wysiwyg"),
        long_text("wysiwyg_style"),
        json("wysiwyg_properties"),
    ])
    .relations(&[to_one("localization", &LOCALIZATION, "localization_id")]);
