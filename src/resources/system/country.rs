//! `countries`: ISO 3166-1, seeded.

use crate::engine::field::{boolean, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::relation::to_many;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title};
use crate::resources::system::REGION;

pub static COUNTRY: Resource = Resource::new("countries", "country")
    .global()
    .text_id("iso2_code")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .title(Title::Columns(&[Ident::new("name")]))
    .example_id("US")
    .about("A country of ISO 3166-1; its id is the two-letter code.")
    .fields(&[
        text("iso3Code").column("iso3_code").not_null().max(3),
        text("name").not_null().max(255).filter().sort(),
        boolean("deleted").not_null(),
    ])
    .relations(&[to_many("regions", &REGION, "country_code").read_only()])
    .extra_filters(&[ExtraFilter {
        name: "iso2Code",
        target: FilterTarget::Path("id"),
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);
