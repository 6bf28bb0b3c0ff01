//! `regions`: the subdivisions of countries, ISO 3166-2, seeded.

use crate::engine::field::{boolean, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::relation::to_one;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title};
use crate::resources::system::COUNTRY;

pub static REGION: Resource = Resource::new("regions", "region")
    .global()
    .text_id("combined_code")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .title(Title::Columns(&[Ident::new("name")]))
    .example_id("US-CA")
    .about("A subdivision of a country in ISO 3166-2; its id is the whole code, such as `US-CA`.")
    .fields(&[
        text("code").not_null().max(32),
        text("name").not_null().max(255).filter().sort(),
        boolean("deleted").not_null(),
    ])
    .relations(&[to_one("country", &COUNTRY, "country_code").read_only().not_null().filter_list()])
    .extra_filters(&[ExtraFilter {
        name: "combinedCode",
        target: FilterTarget::Path("id"),
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);
