//! `pricelisttocustomers`: price lists of single customers.

use crate::engine::relation::to_one;
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::customer::CUSTOMER;
use crate::resources::pricing::PRICE_LIST;
use crate::resources::pricing::assignment::{FIELDS, OnDefaultWebsite};
use crate::resources::system::WEBSITE;

pub static PRICE_LIST_TO_CUSTOMER: Resource = Resource::new("pricelisttocustomers", "price_list_to_customer")
    .fields(FIELDS)
    .relations(&[
        to_one("priceList", &PRICE_LIST, "price_list_id").required(1).no_relationship_writes(),
        to_one("customer", &CUSTOMER, "customer_id").required(1).create_only(),
        to_one("website", &WEBSITE, "website_id").not_null().create_only().about("The default website unless given."),
    ])
    .unique(&[UniqueKey {
        constraint: "price_list_to_customer_key",
        members: &["customer", "website", "priceList"],
        upsert: false,
    }])
    .no_title()
    .rules(&OnDefaultWebsite)
    .about("A price list of a customer on a website.");
