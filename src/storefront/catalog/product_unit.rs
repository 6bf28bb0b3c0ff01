//! `productunits` in the storefront: what products are counted in.

use crate::engine::field::{integer, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title};

pub static PRODUCT_UNIT: Resource = Resource::new("productunits", "product_unit")
    .global()
    .text_id("code")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .title(Title::Columns(&[Ident::new("label")]))
    .example_id("item")
    .about("What products are counted in, such as `item` or `kg`; the id is the unit's code.")
    .fields(&[
        text("label").read_only().not_null(),
        text("shortLabel").column("short_label").read_only().not_null(),
        text("pluralLabel").column("plural_label").read_only().not_null(),
        text("shortPluralLabel").column("short_plural_label").read_only().not_null(),
        integer("defaultPrecision").column("default_precision").read_only().not_null(),
    ])
    .extra_filters(&[ExtraFilter {
        name: "code",
        target: FilterTarget::Path("id"),
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);
