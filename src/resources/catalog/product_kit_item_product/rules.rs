//! The products of a kit item are sold in the item's unit.

use crate::commerce::kit_units;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct ProductKitItemProductRules;

impl Rules for ProductKitItemProductRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let items: Vec<_> =
            nodes.iter().filter_map(|index| batch.node(*index).effective_one("kitItem").cloned()).collect();
        kit_units::assign(batch, &items)
    }
}
