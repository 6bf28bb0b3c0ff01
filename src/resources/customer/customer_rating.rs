//! `customerratings`: how customers are rated, seeded.

use crate::engine::field::{boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static CUSTOMER_RATING: Resource = Resource::new("customerratings", "customer_rating")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("3_of_5")
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("How a customer is rated within the organization, `1_of_5` to `5_of_5`.")
    .fields(&[
        text("name").not_null().read_only(),
        integer("priority").not_null().read_only().filter().sort(),
        boolean("default").column("is_default").not_null().read_only(),
    ]);
