//! `customers`: the companies that buy, a tree of parents.

mod rules;

use self::rules::CustomerRules;
use crate::engine::field::{date_time, text};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::activity::attachment::attachments;
use crate::resources::activity::note::notes;
use crate::resources::customer::{
    CUSTOMER_ADDRESS, CUSTOMER_GROUP, CUSTOMER_RATING, CUSTOMER_TAX_CODE, CUSTOMER_USER, PAYMENT_TERM,
};
use crate::resources::pricing::{PRICE_LIST_CUSTOMER_FALLBACK, PRICE_LIST_TO_CUSTOMER};
use crate::resources::system::{ORGANIZATION, USER};

pub static CUSTOMER: Resource = Resource::new("customers", "customer")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("name")]))
    .rules(&CustomerRules)
    .about("A company that buys. Customers form a tree: `parent` is the company above.")
    .fields(&[
        text("externalId").column("external_id").max(36).filter_list().indexed(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
        text("name").required().max(255).filter().sort().indexed(),
    ])
    .relations(&[
        to_one("paymentTerm", &PAYMENT_TERM, "payment_term_id"),
        to_one("parent", &CUSTOMER, "parent_id").late(),
        to_many("children", &CUSTOMER, "parent_id"),
        to_many("addresses", &CUSTOMER_ADDRESS, "customer_id").cascade().no_relationship_writes(),
        to_one("group", &CUSTOMER_GROUP, "group_id"),
        to_many("users", &CUSTOMER_USER, "customer_id"),
        to_one("owner", &USER, "owner_id"),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        through("salesRepresentatives", &USER, "customer_sales_representative", "customer_id", "user_id"),
        attachments("customer_id"),
        notes("note_customer", "customer_id"),
        to_one("internal_rating", &CUSTOMER_RATING, "internal_rating_id").filter_list(),
        to_one("taxCode", &CUSTOMER_TAX_CODE, "tax_code_id"),
        to_many("priceLists", &PRICE_LIST_TO_CUSTOMER, "customer_id").hidden().cascade(),
        to_many("priceListFallbacks", &PRICE_LIST_CUSTOMER_FALLBACK, "customer_id").hidden().cascade(),
    ])
    .unique(&[UniqueKey { constraint: "customer_external_id_key", members: &["externalId"], upsert: true }]);
