//! `userroles`: what users may do, per resource and permission.

mod rules;

use self::rules::UserRoleRules;
use crate::engine::field::{json, long_text, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Resource, Title, UniqueKey};
use crate::resources::system::ORGANIZATION;
use crate::resources::system::USER;

pub static USER_ROLE: Resource = Resource::new("userroles", "user_role")
    .title(Title::Columns(&[Ident::new("label")]))
    .rules(&UserRoleRules)
    .about("A set of permissions that users hold. A user with several roles has the highest level of each.")
    .fields(&[
        text("role").not_null().max(30).filter().sort().indexed(),
        text("label").required().max(30),
        long_text("extend_description"),
        json("permissions").not_null().about(
            "Levels by resource type and permission: `{\"products\": {\"VIEW\": \"organization\"}}`. \
             The type `*` stands for every resource.",
        ),
    ])
    .relations(&[
        through("users", &USER, "app_user_role", "role_id", "user_id"),
        to_one("organization", &ORGANIZATION, "organization_id").not_null().no_filter().no_sort(),
    ])
    .unique(&[UniqueKey { constraint: "user_role_role_key", members: &["role"], upsert: false }]);
