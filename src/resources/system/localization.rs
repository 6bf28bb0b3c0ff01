//! `localizations`: the languages that texts are kept in.

use crate::engine::field::{boolean, date_time, text};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::resources::system::LOCALIZED_FALLBACK_VALUE;

pub static LOCALIZATION: Resource = Resource::new("localizations", "localization")
    .global()
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A language with its formats. A text without a localization is the default one.")
    .fields(&[
        text("languageCode").column("language_code").not_null().filter_list(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("name").not_null().max(255).filter().sort(),
        text("formattingCode").column("formatting_code").not_null().max(16),
        boolean("rtlMode").column("rtl_mode").not_null(),
    ])
    .relations(&[
        through("titles", &LOCALIZED_FALLBACK_VALUE, "localization_localized_value", "localization_id", "value_id")
            .slot("slot", "titles")
            .read_only(),
        to_one("parentLocalization", &LOCALIZATION, "parent_localization_id").read_only(),
        to_many("childLocalizations", &LOCALIZATION, "parent_localization_id").read_only(),
    ]);
