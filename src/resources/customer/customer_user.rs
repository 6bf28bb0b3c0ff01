//! `customerusers`: the people who buy for a customer.

mod rules;

pub use self::rules::{forget_all, refuse_owners_of_clients};

use self::rules::CustomerUserRules;
use crate::engine::field::{Literal, boolean, date, date_time, integer, password, text};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::activity::attachment::attachments;
use crate::resources::activity::note::notes;
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER_ADDRESS, CUSTOMER_USER_AUTH_STATUS, CUSTOMER_USER_ROLE};
use crate::resources::system::{ORGANIZATION, USER};

pub static CUSTOMER_USER: Resource = Resource::new("customerusers", "customer_user")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("first_name"), Ident::new("last_name")]))
    .rules(&CustomerUserRules)
    // Hashing a password takes as long as writing many records.
    .chunks_of(100)
    .about("Someone who buys for a customer in the storefront.")
    .fields(&[
        date_time("passwordChangedAt").column("password_changed_at").read_only(),
        date_time("passwordRequestedAt").column("password_requested_at").read_only(),
        integer("loginCount").column("login_count").read_only().not_null().volatile(),
        date_time("lastLogin").column("last_login").read_only().volatile(),
        text("externalId").column("external_id").max(36).filter_list().indexed(),
        boolean("enabled").default(Literal::Boolean(true)),
        boolean("confirmed").default(Literal::Boolean(true)),
        text("email").required().max(255).email().filter().sort().indexed(),
        text("namePrefix").column("name_prefix").max(255),
        text("firstName").column("first_name").required().max(255),
        text("middleName").column("middle_name").max(255),
        text("lastName").column("last_name").required().max(255),
        text("nameSuffix").column("name_suffix").max(255),
        date("birthday"),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        boolean("isGuest").column("is_guest").default(Literal::Boolean(false)),
        password("password").column("password_hash").write_only(),
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
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_one("customer", &CUSTOMER, "customer_id").required(1),
        to_many("addresses", &CUSTOMER_USER_ADDRESS, "customer_user_id").cascade().no_relationship_writes(),
        to_one("owner", &USER, "owner_id"),
        through("salesRepresentatives", &USER, "customer_user_sales_representative", "customer_user_id", "user_id"),
        attachments("customer_user_id"),
        notes("note_customer_user", "customer_user_id"),
        to_one("auth_status", &CUSTOMER_USER_AUTH_STATUS, "auth_status_id").not_null().filter_list(),
    ])
    .unique(&[
        UniqueKey { constraint: "customer_user_email_key", members: &["email"], upsert: false },
        UniqueKey { constraint: "customer_user_external_id_key", members: &["externalId"], upsert: true },
    ]);
