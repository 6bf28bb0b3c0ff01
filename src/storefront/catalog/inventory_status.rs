//! `productinventorystatuses`: whether a product can be had.

use crate::engine::field::{integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static INVENTORY_STATUS: Resource = Resource::new("productinventorystatuses", "prod_inventory_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .title(Title::Columns(&[Ident::new("name")]))
    .no_paging()
    .no_sorting()
    .example_id("in_stock")
    .about("Whether a product can be had: `in_stock`, `out_of_stock`, `discontinued`.")
    .fields(&[text("name").read_only().not_null(), integer("priority").hidden().not_null().filter().sort()]);
