//! Brands: a default name.

use crate::commerce::default_text;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct BrandRules;

impl Rules for BrandRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        default_text::require(batch, nodes, "names")
    }
}
