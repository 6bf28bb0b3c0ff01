//! `customeraddresses`: the addresses of customers, each with what it is for.

use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, Resource, Title};
use crate::resources::address::book::{AddressBook, FIELDS, FILTERS};
use crate::resources::customer::CUSTOMER;
use crate::resources::system::{COUNTRY, ORGANIZATION, REGION, USER};

pub static CUSTOMER_ADDRESS: Resource = Resource::new("customeraddresses", "customer_address")
    .owned_by(Ownership::Part(&["customer"]))
    .title(Title::Columns(&[Ident::new("street"), Ident::new("city"), Ident::new("postal_code")]))
    .rules(&AddressBook { resource: &CUSTOMER_ADDRESS, owner: ("customer", Ident::new("customer_id")) })
    .about("An address of a customer. `types` says what it is for and whether it is the default one for that.")
    .nested(&["customeraddresstoaddresstypes"])
    .fields(FIELDS)
    .relations(&[
        to_one("customer", &CUSTOMER, "customer_id").required(1).create_only(),
        to_one("country", &COUNTRY, "country_code").required(1).filter_list().no_relationship_writes(),
        to_one("region", &REGION, "region_code").filter_list().no_relationship_writes(),
        to_one("owner", &USER, "owner_id"),
        to_one("systemOrganization", &ORGANIZATION, "organization_id").read_only().not_null(),
    ])
    .extra_filters(FILTERS);
