//! `websites`: where an organization sells.

use crate::engine::field::{boolean, date_time, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title, UniqueKey};
use crate::resources::system::ORGANIZATION;

pub static WEBSITE: Resource = Resource::new("websites", "website")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A shop front of the organization. Every organization has one that is the default.")
    .fields(&[
        text("name").not_null().max(255).filter().sort().indexed(),
        boolean("default").column("is_default").not_null().filter(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[to_one("organization", &ORGANIZATION, "organization_id").not_null()])
    .unique(&[UniqueKey { constraint: "website_name_key", members: &["name"], upsert: false }]);
