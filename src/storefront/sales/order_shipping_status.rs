//! `ordershippingstatuses` in the storefront.

use crate::engine::field::{integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static ORDER_SHIPPING_STATUS: Resource = Resource::new("ordershippingstatuses", "order_shipping_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("not_shipped")
    .fields(&[text("name").not_null().read_only(), integer("priority").not_null().hidden().filter().sort()])
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("How much of an order is shipped.");
