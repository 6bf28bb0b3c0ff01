//! `customeraddresses` in the storefront.

use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, Resource, Title};
use crate::resources::address::book::{AddressBook, FIELDS, FILTERS};
use crate::resources::system::{COUNTRY, REGION};
use crate::storefront::customer::CUSTOMER;

pub static CUSTOMER_ADDRESS: Resource = Resource::new("customeraddresses", "customer_address")
    .owned_by(Ownership::Customer { column: Ident::new("customer_id"), shared: false })
    .title(Title::Columns(&[Ident::new("street"), Ident::new("city"), Ident::new("postal_code")]))
    .rules(&AddressBook { resource: &CUSTOMER_ADDRESS, owner: ("customer", Ident::new("customer_id")) })
    .about("An address of a customer, the caller's own where none is sent.")
    .fields(FIELDS)
    .relations(&[
        to_one("customer", &CUSTOMER, "customer_id").required(1).create_only(),
        to_one("country", &COUNTRY, "country_code").required(1).filter_list().no_relationship_writes(),
        to_one("region", &REGION, "region_code").filter_list().no_relationship_writes(),
    ])
    .extra_filters(FILTERS);
