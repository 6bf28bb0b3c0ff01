//! `lengthunits`: what products are measured in, shared by all organizations.

use crate::engine::field::json;
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::shipping::conversion::{ABOUT, ConversionRules};

pub static LENGTH_UNIT: Resource = Resource::new("lengthunits", "length_unit")
    .global()
    .text_id("code")
    .owned_by(Ownership::Reference)
    .example_id("cm")
    .rules(&ConversionRules::of(Ident::new("length_unit")))
    .about("What products are measured in, such as `cm`; the id is the unit's code.")
    .fields(&[json("conversionRates").column("conversion_rates").about(ABOUT)]);
