//! `customertaxcodes`: how customers are taxed.

use crate::engine::field::{date_time, long_text, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::system::{ORGANIZATION, USER};

pub static CUSTOMER_TAX_CODE: Resource = Resource::new("customertaxcodes", "customer_tax_code")
    .owned_by(Ownership::Reference)
    .title(Title::Columns(&[Ident::new("code")]))
    .about("A class of customers for taxes.")
    .fields(&[
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        text("code").required().max(255),
        long_text("description"),
    ])
    .relations(&[
        to_one("owner", &USER, "owner_id").read_only(),
        to_one("organization", &ORGANIZATION, "organization_id").read_only().not_null(),
    ])
    .unique(&[UniqueKey { constraint: "customer_tax_code_code_key", members: &["code"], upsert: false }]);
