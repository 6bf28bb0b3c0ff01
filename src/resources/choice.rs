//! Seeded lists of values that records point at: statuses, ratings.

use crate::engine::field::{Field, boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

static FIELDS: &[Field] = &[
    text("name").not_null().read_only(),
    integer("priority").not_null().read_only().filter().sort(),
    boolean("default").column("is_default").not_null().read_only(),
];

static TITLE: &[Ident] = &[Ident::new("name")];

/// A list of values, shared by all organizations and read by everybody: a text id, a name, a place, and whether it is taken where
/// none is given.
pub const fn choices(name: &'static str, table: &'static str) -> Resource {
    Resource::new(name, table)
        .global()
        .text_id("id")
        .id_filter_list()
        .fields(FIELDS)
        .owned_by(Ownership::Reference)
        .actions(READ_ONLY)
        .title(Title::Columns(TITLE))
}
