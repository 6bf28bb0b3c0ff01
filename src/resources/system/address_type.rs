//! `addresstypes`: what an address is for, seeded.

use crate::engine::field::text;
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title};

pub static ADDRESS_TYPE: Resource = Resource::new("addresstypes", "address_type")
    .global()
    .text_id("name")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("label")]))
    .example_id("billing")
    .about("What an address is for: `billing` or `shipping`.")
    .fields(&[text("label").not_null().max(255).filter().sort()])
    .extra_filters(&[ExtraFilter {
        name: "name",
        target: FilterTarget::Path("id"),
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);
