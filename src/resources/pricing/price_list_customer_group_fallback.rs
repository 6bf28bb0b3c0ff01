//! `pricelistcustomergroupfallbacks`: where the chain of price lists of a customer group ends.

use crate::engine::relation::to_one;
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::customer::CUSTOMER_GROUP;
use crate::resources::pricing::fallback::{FIELDS, FallbackRules};
use crate::resources::system::WEBSITE;

pub static PRICE_LIST_CUSTOMER_GROUP_FALLBACK: Resource = Resource::new(
    "pricelistcustomergroupfallbacks",
    "price_list_customer_group_fallback",
)
.fields(FIELDS)
.relations(&[
    to_one("customerGroup", &CUSTOMER_GROUP, "customer_group_id").required(1).create_only(),
    to_one("website", &WEBSITE, "website_id").not_null().create_only().about("The default website unless given."),
])
.unique(&[UniqueKey {
    constraint: "price_list_customer_group_fallback_key",
    members: &["customerGroup", "website"],
    upsert: false,
}])
.no_title()
.rules(&FallbackRules)
.about("Whether the customers of a group also have the price lists of the website: 0, as without a record, or not: 1.");
