//! `taxes`: a rate under a code.

mod rules;

use self::rules::TaxRules;
use crate::engine::field::{date_time, long_text, percent, text};
use crate::engine::resource::{Ident, Resource, Title, UniqueKey};

pub static TAX: Resource = Resource::new("taxes", "tax")
    .title(Title::Columns(&[Ident::new("code")]))
    .rules(&TaxRules)
    .about("A rate of tax, such as the sales tax of a state.")
    .fields(&[
        text("code").required().max(255).example("NY-STATE").filter().sort(),
        long_text("description"),
        percent("rate").required().about("A fraction with at most six decimals: 0.04 is 4 %."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .unique(&[UniqueKey { constraint: "tax_code_key", members: &["code"], upsert: true }]);
