//! `pricelisttowebsites`: price lists of whole websites, for every customer and visitor there.

use crate::engine::relation::to_one;
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::pricing::PRICE_LIST;
use crate::resources::pricing::assignment::{FIELDS, OnDefaultWebsite};
use crate::resources::system::WEBSITE;

pub static PRICE_LIST_TO_WEBSITE: Resource = Resource::new("pricelisttowebsites", "price_list_to_website")
    .fields(FIELDS)
    .relations(&[
        to_one("priceList", &PRICE_LIST, "price_list_id").required(1).no_relationship_writes(),
        to_one("website", &WEBSITE, "website_id").not_null().create_only().about("The default website unless given."),
    ])
    .unique(&[UniqueKey { constraint: "price_list_to_website_key", members: &["website", "priceList"], upsert: false }])
    .no_title()
    .rules(&OnDefaultWebsite)
    .about("A price list of a website: the last in the chain of its customers, and the only one of visitors.");
