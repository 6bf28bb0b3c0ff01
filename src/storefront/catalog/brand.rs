//! `brands` in the storefront.

use crate::engine::field::{Literal, date_time, enumeration, long_text, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource};
use crate::resources::catalog::product::STATUSES;
use crate::storefront::texts::{Localized, Source};

pub static BRAND: Resource = Resource::new("brands", "brand")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .only(&[(Ident::new("status"), Literal::Text("enabled"))])
    .public()
    .computed(&Localized(&[
        Source::slot("name", "brand_localized_value", "brand_id", "names", "string"),
        Source::slot("shortDescription", "brand_localized_value", "brand_id", "shortDescriptions", "text"),
        Source::slot("description", "brand_localized_value", "brand_id", "descriptions", "wysiwyg"),
    ]))
    .about("The maker of a product.")
    .fields(&[
        text("name").computed(),
        long_text("shortDescription").computed(),
        long_text("description").computed().about("HTML."),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
        enumeration("status", STATUSES).read_only().not_null(),
    ]);
