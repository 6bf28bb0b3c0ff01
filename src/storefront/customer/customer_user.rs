//! `customerusers` in the storefront. `mine` stands for the caller's id.

mod rules;

use self::rules::CustomerUserRules;
use crate::engine::field::{boolean, date, date_time, password, text};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::system::USER;
use crate::storefront::customer::{CUSTOMER, CUSTOMER_USER_ADDRESS, CUSTOMER_USER_ROLE};

pub static CUSTOMER_USER: Resource = Resource::new("customerusers", "customer_user")
    .owned_by(Ownership::CustomerUser { user: Ident::new("id"), customer: Ident::new("customer_id") })
    .title(Title::Columns(&[Ident::new("first_name"), Ident::new("last_name")]))
    .rules(&CustomerUserRules)
    .about("Someone who buys for a customer, the caller's own where none is sent. The id `mine` stands for the caller.")
    .fields(&[
        boolean("enabled").read_only().not_null(),
        boolean("confirmed").read_only().not_null(),
        text("email").required().max(255).email().filter().sort().indexed(),
        text("namePrefix").column("name_prefix").max(255),
        text("firstName").column("first_name").required().max(255),
        text("middleName").column("middle_name").max(255),
        text("lastName").column("last_name").required().max(255),
        text("nameSuffix").column("name_suffix").max(255),
        date("birthday"),
        boolean("isGuest").column("is_guest").read_only().not_null(),
        password("password").column("password_hash").write_only().about("Set on create only."),
        date_time("passwordChangedAt").column("password_changed_at").hidden(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        through(
            "userRoles",
            &CUSTOMER_USER_ROLE,
            "customer_user_customer_user_role",
            "customer_user_id",
            "customer_user_role_id",
        )
        .required(1),
        to_one("customer", &CUSTOMER, "customer_id").required(1),
        to_many("addresses", &CUSTOMER_USER_ADDRESS, "customer_user_id").cascade().no_relationship_writes(),
        to_one("owner", &USER, "owner_id").hidden(),
    ])
    .unique(&[UniqueKey { constraint: "customer_user_email_key", members: &["email"], upsert: false }]);
