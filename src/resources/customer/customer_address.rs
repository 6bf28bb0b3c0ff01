//! `customeraddresses`: the addresses of customers, each with what it is for.

mod rules;

use self::rules::CustomerAddressRules;
use crate::engine::field::{boolean, date_time, objects, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::relation::to_one;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, Resource, Title};
use crate::resources::customer::CUSTOMER;
use crate::resources::system::{COUNTRY, ORGANIZATION, REGION, USER};

pub static CUSTOMER_ADDRESS: Resource = Resource::new("customeraddresses", "customer_address")
    .owned_by(Ownership::Part(&["customer"]))
    .title(Title::Columns(&[Ident::new("street"), Ident::new("city"), Ident::new("postal_code")]))
    .rules(&CustomerAddressRules)
    .about("An address of a customer. `types` says what it is for and whether it is the default one for that.")
    .fields(&[
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("customRegion").column("custom_region").filter().about("The region's name where it is none of `regions`."),
        objects("types", &["default", "addressType"])
            .not_null()
            .about("`[{\"default\": true, \"addressType\": \"billing\"}]`"),
        text("label").max(255),
        text("street").required().max(500),
        text("street2").max(500),
        text("city").required().max(255),
        text("postalCode").column("postal_code").required().max(255),
        text("organization").column("company").max(255).about("The company at this address."),
        text("namePrefix").column("name_prefix").max(255),
        text("firstName").column("first_name").max(255).example("John"),
        text("middleName").column("middle_name").max(255),
        text("lastName").column("last_name").max(255).example("Doe"),
        text("nameSuffix").column("name_suffix").max(255),
        boolean("primary"),
        date_time("validatedAt").column("validated_at"),
        text("phone").max(255),
    ])
    .relations(&[
        to_one("customer", &CUSTOMER, "customer_id").required(1).create_only(),
        to_one("country", &COUNTRY, "country_code").required(1).filter_list().no_relationship_writes(),
        to_one("region", &REGION, "region_code").filter_list().no_relationship_writes(),
        to_one("owner", &USER, "owner_id"),
        to_one("systemOrganization", &ORGANIZATION, "organization_id").read_only().not_null(),
    ])
    .extra_filters(&[ExtraFilter {
        name: "addressType",
        target: FilterTarget::JsonMember { column: Ident::new("types"), member: "addressType" },
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);
