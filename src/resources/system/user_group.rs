//! `usergroups`: users with common roles.

mod rules;

use self::rules::UserGroupRules;
use crate::engine::field::text;
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::system::BUSINESS_UNIT;
use crate::resources::system::ORGANIZATION;
use crate::resources::system::USER_ROLE;

pub static USER_GROUP: Resource = Resource::new("usergroups", "user_group")
    .owned_by(Ownership::BusinessUnit(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("name")]))
    .rules(&UserGroupRules)
    .about("A group of users. Its members hold its roles beside their own.")
    .fields(&[text("name").required().max(30)])
    .relations(&[
        through("roles", &USER_ROLE, "user_group_role", "group_id", "role_id"),
        to_one("owner", &BUSINESS_UNIT, "owner_id").not_null(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
    ])
    .unique(&[UniqueKey { constraint: "user_group_name_key", members: &["name"], upsert: false }]);
