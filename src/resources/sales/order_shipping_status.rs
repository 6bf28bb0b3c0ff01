//! `ordershippingstatuses`.

use crate::engine::field::{Field, boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

static FIELDS: &[Field] = &[
    text("name").not_null().read_only(),
    integer("priority").not_null().read_only().filter().sort(),
    boolean("default").column("is_default").not_null().read_only(),
];

pub static ORDER_SHIPPING_STATUS: Resource = Resource::new("ordershippingstatuses", "order_shipping_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("not_shipped")
    .fields(FIELDS)
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("How far an order has been shipped.");
