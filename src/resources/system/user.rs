//! `users`: the people and machines that work in the back office.

mod rules;

use self::rules::UserRules;
use crate::engine::field::{Literal, boolean, date, date_time, integer, objects, password, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::system::BUSINESS_UNIT;
use crate::resources::system::FILE;
use crate::resources::system::ORGANIZATION;
use crate::resources::system::USER_AUTH_STATUS;
use crate::resources::system::USER_GROUP;
use crate::resources::system::USER_ROLE;

pub static USER: Resource = Resource::new("users", "app_user")
    .owned_by(Ownership::BusinessUnit(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("first_name"), Ident::new("last_name")]))
    .rules(&UserRules)
    // Hashing a password takes as long as writing many records.
    .chunks_of(100)
    .nested(&["useremails"])
    .about("Someone who works in the back office, or a machine that acts there. What a user may do, its roles say.")
    .fields(&[
        objects("emails", &["email"]).not_null(),
        date_time("passwordChangedAt").column("password_changed_at").read_only(),
        date_time("passwordRequestedAt").column("password_requested_at").read_only(),
        integer("loginCount").column("login_count").read_only().not_null().volatile(),
        date_time("lastLogin").column("last_login").read_only().volatile(),
        text("externalId").column("external_id").max(36).filter_list().indexed(),
        text("username").required().max(255).filter().sort().indexed(),
        boolean("enabled").default(Literal::Boolean(true)),
        text("email").required().max(255).email().filter().sort().indexed(),
        text("namePrefix").column("name_prefix").max(255),
        text("firstName").column("first_name").required().max(255).filter().sort(),
        text("middleName").column("middle_name").max(255),
        text("lastName").column("last_name").required().max(255),
        text("nameSuffix").column("name_suffix").max(255),
        date("birthday"),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("phone"),
        password("password").column("password_hash").write_only(),
        text("googleId").column("google_id"),
        text("title"),
    ])
    .relations(&[
        through("userRoles", &USER_ROLE, "app_user_role", "user_id", "role_id"),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        through("groups", &USER_GROUP, "app_user_user_group", "user_id", "group_id"),
        to_one("owner", &BUSINESS_UNIT, "owner_id").not_null(),
        through("businessUnits", &BUSINESS_UNIT, "app_user_business_unit", "user_id", "business_unit_id"),
        to_one("organizations", &ORGANIZATION, "organization_id").listed().read_only().not_null(),
        to_one("avatar", &FILE, "avatar_id").late(),
        to_one("auth_status", &USER_AUTH_STATUS, "auth_status_id").not_null().filter_list(),
    ])
    .unique(&[
        UniqueKey { constraint: "app_user_username_key", members: &["username"], upsert: true },
        UniqueKey { constraint: "app_user_email_key", members: &["email"], upsert: true },
        UniqueKey { constraint: "app_user_external_id_key", members: &["externalId"], upsert: false },
    ]);
