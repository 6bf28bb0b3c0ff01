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
}
