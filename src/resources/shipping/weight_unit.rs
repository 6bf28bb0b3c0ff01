//! `weightunits`: what products are weighed in, shared by all organizations.

use crate::engine::field::json;
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::shipping::conversion::{ABOUT, ConversionRules};

pub static WEIGHT_UNIT: Resource = Resource::new("weightunits", "weight_unit")
    .global()
    .text_id("code")
    .owned_by(Ownership::Reference)
    .example_id("kg")
    .rules(&ConversionRules::of(Ident::new("weight_unit")))
    .about("What products are weighed in, such as `kg`; the id is the unit's code.")
    .fields(&[json("conversionRates").column("conversion_rates").about(ABOUT)]);
