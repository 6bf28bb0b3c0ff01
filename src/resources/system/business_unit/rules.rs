//! Business units: no circles; a moved unit changes what its users reach.

use crate::commerce::tree;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct BusinessUnitRules;

impl Rules for BusinessUnitRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        tree::check(batch, nodes, "owner", "")
    }

    fn changes_rights(&self) -> bool {
        true
    }
}
