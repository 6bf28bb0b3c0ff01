//! Kit items: a default label, and products that are sold in the item's unit.

use crate::commerce::{default_text, kit_units};
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::Errors;

pub struct ProductKitItemRules;

impl Rules for ProductKitItemRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        default_text::require(batch, nodes, "labels")?;
        let concerned = |node: &&Node| {
            node.creates || node.links.contains_key("productUnit") || node.links.contains_key("kitItemProducts")
        };
        let items: Vec<_> =
            nodes.iter().map(|index| batch.node(*index)).filter(concerned).map(|node| node.key.clone()).collect();
        kit_units::assign(batch, &items)
    }
}
