//! `customeruserroles`: what the users of a customer may do in the storefront.

mod rules;

use self::rules::CustomerUserRoleRules;
use crate::engine::field::{Literal, boolean, json, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Resource, Title, UniqueKey};
use crate::resources::activity::note::notes;
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER};
use crate::resources::system::ORGANIZATION;

pub static CUSTOMER_USER_ROLE: Resource = Resource::new("customeruserroles", "customer_user_role")
    .title(Title::Columns(&[Ident::new("label")]))
    .rules(&CustomerUserRoleRules)
    .about("A role of customer users; with a customer, it is that customer's own.")
    .fields(&[
        text("role").not_null().max(255).filter().sort().indexed(),
        text("label").required().max(255),
        boolean("selfManaged").column("self_managed").default(Literal::Boolean(true)),
        boolean("public").default(Literal::Boolean(true)),
        json("permissions").not_null().about(
            "Levels by resource type of the storefront and permission: `{\"orders\": {\"VIEW\": \"department\"}}`. Levels are `none`, \
             `user`, `department` (the own customer) and `division` (that and the customers below it).",
        ),
    ])
    .relations(&[
        to_one("customer", &CUSTOMER, "customer_id"),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        through(
            "customerUsers",
            &CUSTOMER_USER,
            "customer_user_customer_user_role",
            "customer_user_role_id",
            "customer_user_id",
        ),
        notes("note_customer_user_role", "customer_user_role_id"),
    ])
    .unique(&[UniqueKey { constraint: "customer_user_role_role_key", members: &["role"], upsert: false }]);
