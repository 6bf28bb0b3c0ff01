//! `userprofile`: the caller's own user record, without an id in the URL.

use crate::engine::field::{boolean, date, date_time, integer, objects, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Actions, Ident, Ownership, READ_ONLY, Resource, Title};
use crate::resources::system::BUSINESS_UNIT;
use crate::resources::system::FILE;
use crate::resources::system::ORGANIZATION;
use crate::resources::system::USER_AUTH_STATUS;
use crate::resources::system::USER_GROUP;
use crate::resources::system::USER_ROLE;

pub static USER_PROFILE: Resource = Resource::new("userprofile", "app_user")
    .singleton()
    .actions(Actions { list: false, ..READ_ONLY })
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("first_name"), Ident::new("last_name")]))
    .about("The user that the request acts as.")
    .fields(&[
        objects("emails", &["email"]).not_null(),
        date_time("passwordChangedAt").column("password_changed_at").read_only(),
        date_time("passwordRequestedAt").column("password_requested_at").read_only(),
        integer("loginCount").column("login_count").read_only().not_null().volatile(),
        date_time("lastLogin").column("last_login").read_only().volatile(),
        text("externalId").column("external_id").max(36),
        text("username").not_null().max(255),
        boolean("enabled").not_null(),
        text("email").not_null().max(255),
        text("namePrefix").column("name_prefix").max(255),
        text("firstName").column("first_name").not_null().max(255),
        text("middleName").column("middle_name").max(255),
        text("lastName").column("last_name").not_null().max(255),
        text("nameSuffix").column("name_suffix").max(255),
        date("birthday"),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("phone"),
    ])
    .relations(&[
        through("userRoles", &USER_ROLE, "app_user_role", "user_id", "role_id").no_routes(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null().no_routes(),
        through("groups", &USER_GROUP, "app_user_user_group", "user_id", "group_id").no_routes(),
        to_one("owner", &BUSINESS_UNIT, "owner_id").not_null().no_routes(),
        through("businessUnits", &BUSINESS_UNIT, "app_user_business_unit", "user_id", "business_unit_id").no_routes(),
        to_one("organizations", &ORGANIZATION, "organization_id").listed().not_null().no_routes(),
        to_one("avatar", &FILE, "avatar_id").no_routes(),
        to_one("auth_status", &USER_AUTH_STATUS, "auth_status_id").not_null().no_routes(),
    ]);
