//! `orderaddresses`: where an order is billed and shipped to.

mod rules;

use self::rules::OrderAddressRules;
use crate::engine::field::{Field, Literal, boolean, date_time, text};
use crate::engine::relation::{Relation, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title};
use crate::resources::customer::{CUSTOMER_ADDRESS, CUSTOMER_USER_ADDRESS};
use crate::resources::sales::ORDER;
use crate::resources::system::{COUNTRY, REGION};

static FIELDS: &[Field] = &[
    text("label").max(255),
    text("street").required().max(500),
    text("street2").max(500),
    text("city").max(255).required(),
    text("postalCode").max(255).column("postal_code").required(),
    text("organization").max(255).column("company").about("Needed where first and last name are missing."),
    text("customRegion").max(255).column("custom_region").filter(),
    text("namePrefix").max(255).column("name_prefix"),
    text("firstName").max(255).column("first_name").example("John"),
    text("middleName").max(255).column("middle_name"),
    text("lastName").max(255).column("last_name").example("Doe"),
    text("nameSuffix").max(255).column("name_suffix"),
    text("phone").max(255),
    date_time("validatedAt").column("validated_at"),
    boolean("fromExternalSource").column("from_external_source").default(Literal::Boolean(false)),
    date_time("createdAt").column("created_at").not_null().read_only(),
    date_time("updatedAt").column("updated_at").not_null().read_only(),
];

static RELATIONS: &[Relation] = &[
    to_one("country", &COUNTRY, "country_code").required(1).no_relationship_writes(),
    to_one("region", &REGION, "region_code").no_relationship_writes(),
    to_one("customerAddress", &CUSTOMER_ADDRESS, "customer_address_id")
        .no_relationship_writes()
        .about("Copies the customer's address; then no other member may be sent."),
    to_one("customerUserAddress", &CUSTOMER_USER_ADDRESS, "customer_user_address_id")
        .no_relationship_writes()
        .about("Copies the customer user's address; then no other member may be sent."),
    to_many("billedOrders", &ORDER, "billing_address_id").hidden(),
    to_many("shippedOrders", &ORDER, "shipping_address_id").hidden(),
];

pub static ORDER_ADDRESS: Resource = Resource::new("orderaddresses", "sales_order_address")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::Part(&["billedOrders", "shippedOrders"]))
    .title(Title::Columns(&[
        Ident::new("first_name"),
        Ident::new("last_name"),
        Ident::new("company"),
        Ident::new("street"),
        Ident::new("city"),
        Ident::new("postal_code"),
    ]))
    .rules(&OrderAddressRules)
    .about("The billing or shipping address of an order: its own data, or the copy of a customer's address.");
