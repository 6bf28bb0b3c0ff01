//! `prodinventorystatuses`: whether a product can be had, seeded.

use crate::engine::field::{boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static PROD_INVENTORY_STATUS: Resource = Resource::new("prodinventorystatuses", "prod_inventory_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("name")]))
    .example_id("in_stock")
    .about("Whether a product can be had: `in_stock`, `out_of_stock`, `discontinued`.")
    .fields(&[
        text("name").not_null(),
        integer("priority").not_null().filter().sort(),
        boolean("default").column("is_default").not_null(),
    ]);
