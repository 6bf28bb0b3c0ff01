//! Taxes of the origin need one, and its region is of its country.

use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};
use crate::resources::address::region_of;

pub struct TaxSettingsRules;

impl Rules for TaxSettingsRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let nodes = nodes.iter().map(|index| batch.node(*index));
        Errors::check(
            nodes
                .flat_map(|node| origin_error(node).into_iter().chain(region_of(node, "originRegion", "originCountry")))
                .collect(),
        )
    }
}

fn origin_error(node: &Node) -> Option<Error> {
    let missing =
        node.effective("useAsBase").as_text() == Some("origin") && node.effective_one("originCountry").is_none();
    missing.then(|| node.at_relation("originCountry", Error::not_blank()))
}
