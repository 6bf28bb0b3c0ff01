//! `attributefamilies`: which attributes a product has.

use crate::engine::field::{boolean, date_time, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, READ_AND_UPDATE, Resource, Title, UniqueKey};
use crate::resources::system::{FILE, LOCALIZED_FALLBACK_VALUE, ORGANIZATION};

pub static ATTRIBUTE_FAMILY: Resource = Resource::new("attributefamilies", "attribute_family")
    .actions(READ_AND_UPDATE)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("code")]))
    .about("A set of product attributes. Every organization has `default_family`.")
    .fields(&[
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("code").not_null().max(255),
        boolean("isEnabled").column("is_enabled").not_null(),
    ])
    .relations(&[
        through(
            "labels",
            &LOCALIZED_FALLBACK_VALUE,
            "attribute_family_localized_value",
            "attribute_family_id",
            "value_id",
        )
        .slot("slot", "labels")
        .cascade(),
        to_one("owner", &ORGANIZATION, "organization_id").not_null(),
        to_one("image", &FILE, "image_id"),
    ])
    .unique(&[UniqueKey { constraint: "attribute_family_code_key", members: &["code"], upsert: false }]);
