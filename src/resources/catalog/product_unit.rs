//! `productunits`: what products are counted in, shared by all organizations.

use crate::engine::field::{integer, text};
use crate::engine::resource::{Ident, Ownership, Resource, Title};
use crate::resources::shared::SharedRules;

pub static PRODUCT_UNIT: Resource = Resource::new("productunits", "product_unit")
    .global()
    .text_id("code")
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("label")]))
    .example_id("item")
    .rules(&SharedRules::of(Ident::new("product_unit")))
    .about("What products are counted in, such as `item` or `kg`; the id is the unit's code.")
    .fields(&[
        text("label").required(),
        text("shortLabel").column("short_label").required(),
        text("pluralLabel").column("plural_label").required(),
        text("shortPluralLabel").column("short_plural_label").required(),
        integer("defaultPrecision").column("default_precision").required().about("Decimals of a quantity, 0 to 10."),
    ]);
