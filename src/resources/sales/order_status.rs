//! `orderstatuses`.

use crate::engine::field::{Field, boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

static FIELDS: &[Field] = &[
    text("name").not_null().read_only(),
    integer("priority").not_null().read_only().filter().sort(),
    boolean("default").column("is_default").not_null().read_only(),
];

pub static ORDER_STATUS: Resource = Resource::new("orderstatuses", "order_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("open")
    .fields(FIELDS)
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("The statuses that an external system, such as an ERP, gives orders.");
