//! `pricelistcustomerfallbacks`: where the chain of price lists of a customer ends.

use crate::engine::relation::to_one;
use crate::engine::resource::{Resource, UniqueKey};
use crate::resources::customer::CUSTOMER;
use crate::resources::pricing::fallback::{FIELDS, FallbackRules};
use crate::resources::system::WEBSITE;

pub static PRICE_LIST_CUSTOMER_FALLBACK: Resource = Resource::new(
    "pricelistcustomerfallbacks",
    "price_list_customer_fallback",
)
.fields(FIELDS)
.relations(&[
    to_one("customer", &CUSTOMER, "customer_id").required(1).create_only(),
    to_one("website", &WEBSITE, "website_id").not_null().create_only().about("The default website unless given."),
])
.unique(&[UniqueKey {
    constraint: "price_list_customer_fallback_key",
    members: &["customer", "website"],
    upsert: false,
}])
.no_title()
.rules(&FallbackRules)
.about(
    "Whether a customer also has the price lists of its group and of the website: 0, as without a record, or not: 1.",
);
