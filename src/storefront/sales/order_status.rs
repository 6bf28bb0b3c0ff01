//! `orderstatuses` in the storefront.

use crate::engine::field::{integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static ORDER_STATUS: Resource = Resource::new("orderstatuses", "order_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("open")
    .fields(&[text("name").not_null().read_only(), integer("priority").not_null().hidden().filter().sort()])
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .no_paging()
    .title(Title::Columns(&[Ident::new("name")]))
    .about("How far an order is.");
