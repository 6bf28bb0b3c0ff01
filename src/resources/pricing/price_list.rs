//! `pricelists`: named sets of prices in some currencies.

mod rules;

use self::rules::PriceListRules;
use crate::engine::field::{Field, Literal, boolean, date_time, long_text, text, text_list};
use crate::engine::relation::{Relation, to_many, to_one};
use crate::engine::resource::{Ident, Resource, Title, UniqueKey};
use crate::resources::activity::note::notes;
use crate::resources::pricing::{
    PRICE_LIST_SCHEDULE, PRICE_LIST_TO_CUSTOMER, PRICE_LIST_TO_CUSTOMER_GROUP, PRICE_LIST_TO_WEBSITE, PRICE_RULE,
    PRODUCT_PRICE,
};
use crate::resources::system::ORGANIZATION;

static FIELDS: &[Field] = &[
    text("name").max(255).required(),
    text_list("priceListCurrencies")
        .column("currencies")
        .required()
        .example("[\"USD\"]")
        .about("The currencies a price of this list may have (ISO 4217)."),
    boolean("active").default(Literal::Boolean(true)),
    boolean("actual").default(Literal::Boolean(true)),
    boolean("containSchedule").column("contain_schedule").not_null().read_only(),
    long_text("productAssignmentRule")
        .column("product_assignment_rule")
        .about("Which products the price rules of the list are for, such as `product.category.id == 1`."),
    date_time("createdAt").column("created_at").not_null().read_only(),
    date_time("updatedAt").column("updated_at").not_null().read_only(),
];

static RELATIONS: &[Relation] = &[
    to_one("organization", &ORGANIZATION, "organization_id").not_null(),
    to_many("schedules", &PRICE_LIST_SCHEDULE, "price_list_id").cascade(),
    notes("note_price_list", "price_list_id"),
    to_many("prices", &PRODUCT_PRICE, "price_list_id").hidden().cascade(),
    to_many("priceRules", &PRICE_RULE, "price_list_id").cascade(),
    to_many("customers", &PRICE_LIST_TO_CUSTOMER, "price_list_id").hidden().cascade(),
    to_many("customerGroups", &PRICE_LIST_TO_CUSTOMER_GROUP, "price_list_id").hidden().cascade(),
    to_many("websites", &PRICE_LIST_TO_WEBSITE, "price_list_id").hidden().cascade(),
];

pub static PRICE_LIST: Resource = Resource::new("pricelists", "price_list")
    .fields(FIELDS)
    .relations(RELATIONS)
    .unique(&[UniqueKey { constraint: "price_list_name_key", members: &["name"], upsert: true }])
    .title(Title::Columns(&[Ident::new("name")]))
    .rules(&PriceListRules)
    // Each may make a price for every product.
    .chunks_of(100)
    .about(
        "A named set of product prices. It holds for the customers, customer groups and websites it is assigned to.",
    );
