//! `taxjurisdictions`: a country, a region or some postal codes, where a tax applies.

mod rules;

use self::rules::TaxJurisdictionRules;
use crate::engine::field::{date_time, long_text, objects, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Resource, Title, UniqueKey};
use crate::resources::system::{COUNTRY, REGION};

pub static TAX_JURISDICTION: Resource = Resource::new("taxjurisdictions", "tax_jurisdiction")
    .title(Title::Columns(&[Ident::new("code")]))
    .rules(&TaxJurisdictionRules)
    .about("Where a tax applies: a country, a region of it, or postal codes.")
    .fields(&[
        objects("zipCodes", &["from", "to"])
            .column("zip_codes")
            .not_null()
            .about("Single postal codes, without `to`, and ranges of numbers. None: all of the country or region."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("code").required().max(255).example("US-NY").filter().sort(),
        long_text("description"),
        text("regionText").column("region_text").max(255).about("A region that has no code."),
    ])
    .relations(&[to_one("country", &COUNTRY, "country_code").required(1), to_one("region", &REGION, "region_code")])
    .unique(&[UniqueKey { constraint: "tax_jurisdiction_code_key", members: &["code"], upsert: true }]);
