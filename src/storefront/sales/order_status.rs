//! `orderstatuses` in the storefront: those of external systems, and those that the server gives.

use crate::engine::field::{boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static ORDER_STATUS: Resource = Resource::new("orderstatuses", "shown_order_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("open")
    .fields(&[
        text("name").not_null().read_only(),
        boolean("internal")
            .not_null()
            .read_only()
            .about("Whether only the server gives it, so that no new order can be sent with it."),
        integer("priority").not_null().hidden().filter().sort(),
    ])
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .no_paging()
    .title(Title::Columns(&[Ident::new("name")]))
    .about("How far an order is.");
