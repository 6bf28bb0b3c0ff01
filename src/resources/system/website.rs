//! `websites`: where an organization sells.

use crate::engine::field::{boolean, date_time, enumeration, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, READ_AND_UPDATE, Resource, Title, UniqueKey};
use crate::resources::system::ORGANIZATION;

pub static WEBSITE: Resource = Resource::new("websites", "website")
    .actions(READ_AND_UPDATE)
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("A shop front of the organization. Every organization has one that is the default.")
    .fields(&[
        text("name").not_null().max(255).filter().sort().indexed(),
        boolean("default").column("is_default").not_null().read_only().filter(),
        enumeration("priceStrategy", &["merge_by_priority", "minimal_prices"])
            .column("price_strategy")
            .not_null()
            .about("How the prices of a customer's price lists are put together."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[to_one("organization", &ORGANIZATION, "organization_id").not_null()])
    .unique(&[UniqueKey { constraint: "website_name_key", members: &["name"], upsert: false }]);
