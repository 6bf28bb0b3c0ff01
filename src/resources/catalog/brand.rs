//! `brands`: the makers of products.

mod rules;

use self::rules::BrandRules;
use crate::engine::field::{date_time, enumeration, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::catalog::product::STATUSES;
use crate::resources::system::{BUSINESS_UNIT, LOCALIZED_FALLBACK_VALUE, ORGANIZATION};

pub static BRAND: Resource = Resource::new("brands", "brand")
    .owned_by(Ownership::BusinessUnit(Ident::new("owner_id")))
    .title(Title::Localized("names"))
    .rules(&BrandRules)
    .about("The maker of a product.")
    .fields(&[
        text("externalId").column("external_id").max(36).filter_list().indexed(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
        enumeration("status", STATUSES).required(),
    ])
    .relations(&[
        through("slugPrototypes", &LOCALIZED_FALLBACK_VALUE, "brand_localized_value", "brand_id", "value_id")
            .slot("slot", "slugPrototypes")
            .cascade(),
        to_one("owner", &BUSINESS_UNIT, "owner_id").not_null(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        through("names", &LOCALIZED_FALLBACK_VALUE, "brand_localized_value", "brand_id", "value_id")
            .slot("slot", "names")
            .required(1)
            .cascade(),
        through("descriptions", &LOCALIZED_FALLBACK_VALUE, "brand_localized_value", "brand_id", "value_id")
            .slot("slot", "descriptions")
            .cascade(),
        through("shortDescriptions", &LOCALIZED_FALLBACK_VALUE, "brand_localized_value", "brand_id", "value_id")
            .slot("slot", "shortDescriptions")
            .cascade(),
    ])
    .unique(&[UniqueKey { constraint: "brand_external_id_key", members: &["externalId"], upsert: true }]);
