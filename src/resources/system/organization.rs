//! `organizations`: the tenants. A caller sees only the one it belongs to.

mod rules;

use crate::engine::field::{Literal, boolean, date_time, long_text, text};
use crate::engine::relation::to_many;
use crate::engine::resource::{Ident, READ_AND_UPDATE, Resource, Title};
use crate::resources::system::BUSINESS_UNIT;
use crate::resources::system::USER;

pub static ORGANIZATION: Resource = Resource::new("organizations", "organization")
    .tenant_column("id")
    .rules(&rules::OrganizationRules)
    .actions(READ_AND_UPDATE)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A tenant of this server. Everything a caller reads and writes belongs to its own organization.")
    .fields(&[
        text("name").required().max(255).filter().sort(),
        long_text("description"),
        boolean("enabled").default(Literal::Boolean(true)),
        boolean("is_global").read_only().not_null(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_many("businessUnits", &BUSINESS_UNIT, "organization_id").read_only(),
        to_many("users", &USER, "organization_id").read_only(),
    ]);
