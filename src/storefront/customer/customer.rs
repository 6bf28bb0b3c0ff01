//! `customers` in the storefront: the caller's own, and those below it. `mine` stands for the own one's id.

use crate::engine::field::{date_time, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::storefront::customer::{CUSTOMER_ADDRESS, CUSTOMER_GROUP, CUSTOMER_USER};

pub static CUSTOMER: Resource = Resource::new("customers", "customer")
    .actions(READ_ONLY)
    .owned_by(Ownership::Customer { column: Ident::new("id"), shared: false })
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A company that buys. The id `mine` stands for the caller's own.")
    .fields(&[
        text("name").read_only().not_null().filter().sort().indexed(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
    ])
    .relations(&[
        to_one("parent", &CUSTOMER, "parent_id").read_only(),
        to_many("children", &CUSTOMER, "parent_id").read_only(),
        to_many("addresses", &CUSTOMER_ADDRESS, "customer_id").read_only(),
        to_one("group", &CUSTOMER_GROUP, "group_id").read_only(),
        to_many("users", &CUSTOMER_USER, "customer_id").read_only(),
    ]);
