//! Customers: no circles of parents.

use crate::commerce::tree;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct CustomerRules;

impl Rules for CustomerRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        tree::check(batch, nodes, "parent", "children")
    }

    /// Customer users may see what the customers below their own have.
    fn changes_rights(&self) -> bool {
        true
    }
}
