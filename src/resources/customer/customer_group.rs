//! `customergroups`: customers with common terms and prices.

use crate::engine::field::text;
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::activity::note::notes;
use crate::resources::customer::{CUSTOMER_TAX_CODE, PAYMENT_TERM};
use crate::resources::pricing::{PRICE_LIST_CUSTOMER_GROUP_FALLBACK, PRICE_LIST_TO_CUSTOMER_GROUP};
use crate::resources::system::{ORGANIZATION, USER};

pub static CUSTOMER_GROUP: Resource = Resource::new("customergroups", "customer_group")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("name")]))
    .about("Customers with common payment terms and taxes.")
    .fields(&[text("name").required().max(255).filter().sort().indexed()])
    .relations(&[
        to_one("paymentTerm", &PAYMENT_TERM, "payment_term_id"),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_one("owner", &USER, "owner_id"),
        notes("note_customer_group", "customer_group_id"),
        to_one("taxCode", &CUSTOMER_TAX_CODE, "tax_code_id"),
        to_many("priceLists", &PRICE_LIST_TO_CUSTOMER_GROUP, "customer_group_id").hidden().cascade(),
        to_many("priceListFallbacks", &PRICE_LIST_CUSTOMER_GROUP_FALLBACK, "customer_group_id").hidden().cascade(),
    ])
    .unique(&[UniqueKey { constraint: "customer_group_name_key", members: &["name"], upsert: true }]);
