//! `localizations` in the storefront: flat, without names of the back office.

use crate::engine::field::{boolean, text};
use crate::engine::resource::{Ownership, READ_ONLY, Resource};

pub static LOCALIZATION: Resource = Resource::new("localizations", "localization")
    .global()
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .no_title()
    .no_paging()
    .no_sorting()
    .about("A language that the storefront can be shown in.")
    .fields(&[
        text("title").column("name").not_null().max(255),
        text("languageCode").column("language_code").not_null(),
        boolean("default").column("is_default").not_null(),
        text("formattingCode").column("formatting_code").not_null().max(16),
        boolean("rtlMode").column("rtl_mode").not_null(),
    ]);
