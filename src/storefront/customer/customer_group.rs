//! `customergroups` in the storefront: those of the customers that the caller sees.

use crate::engine::field::text;
use crate::engine::relation::to_many;
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::storefront::customer::CUSTOMER;

pub static CUSTOMER_GROUP: Resource = Resource::new("customergroups", "customer_group")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["customers"]))
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A group of customers.")
    .fields(&[text("name").read_only().not_null().filter().sort()])
    .relations(&[to_many("customers", &CUSTOMER, "group_id").hidden()]);
