//! `businessunits`: the departments of an organization, a tree. They own users, products and brands.

mod rules;

use self::rules::BusinessUnitRules;
use crate::engine::field::{date_time, long_text, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title};
use crate::resources::system::ORGANIZATION;
use crate::resources::system::USER;

pub static BUSINESS_UNIT: Resource = Resource::new("businessunits", "business_unit")
    .owned_by(Ownership::BusinessUnit(Ident::new("owner_id")))
    .title(Title::Columns(&[Ident::new("name")]))
    .rules(&BusinessUnitRules)
    .about("A department of an organization. Units form a tree: `owner` is the unit above.")
    .fields(&[
        text("name").required().max(255),
        text("phone").max(100),
        text("website").max(255),
        text("email").max(255).email(),
        text("fax").max(255),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        long_text("extend_description"),
    ])
    .relations(&[
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        through("users", &USER, "app_user_business_unit", "business_unit_id", "user_id"),
        to_one("owner", &BUSINESS_UNIT, "owner_id").late(),
    ]);
