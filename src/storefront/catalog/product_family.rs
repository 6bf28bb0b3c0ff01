//! `productfamilies`: which attributes a product has.

use crate::engine::field::{Literal, date_time, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource};
use crate::storefront::texts::{Localized, Source};

pub static PRODUCT_FAMILY: Resource = Resource::new("productfamilies", "attribute_family")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .only(&[(Ident::new("is_enabled"), Literal::Boolean(true))])
    .public()
    .computed(&Localized(&[Source::slot(
        "name",
        "attribute_family_localized_value",
        "attribute_family_id",
        "labels",
        "string",
    )]))
    .about("A set of product attributes.")
    .fields(&[
        text("name").computed(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ]);
