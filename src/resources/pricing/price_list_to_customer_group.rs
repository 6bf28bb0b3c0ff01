//! `pricelisttocustomergroups`: price lists of customer groups.

use crate::engine::relation::to_one;
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::customer::CUSTOMER_GROUP;
use crate::resources::pricing::PRICE_LIST;
use crate::resources::pricing::assignment::{FIELDS, OnDefaultWebsite};
use crate::resources::system::WEBSITE;

pub static PRICE_LIST_TO_CUSTOMER_GROUP: Resource =
    Resource::new("pricelisttocustomergroups", "price_list_to_customer_group")
        .fields(FIELDS)
        .relations(&[
            to_one("priceList", &PRICE_LIST, "price_list_id").required(1).no_relationship_writes(),
            to_one("customerGroup", &CUSTOMER_GROUP, "customer_group_id").required(1).create_only(),
            to_one("website", &WEBSITE, "website_id")
                .not_null()
                .create_only()
                .about("The default website unless given."),
        ])
        .unique(&[UniqueKey {
            constraint: "price_list_to_customer_group_key",
            members: &["customerGroup", "website", "priceList"],
            upsert: false,
        }])
        .no_title()
        .rules(&OnDefaultWebsite)
        .about("A price list of a customer group on a website.");
