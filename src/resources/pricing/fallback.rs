//! What the two fallbacks have in common: whether the chain of price lists goes on after these.

use super::assignment::fill_website;
use crate::engine::field::{Field, integer};
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::{self, Error, Errors};

pub(super) static FIELDS: &[Field] =
    &[integer("fallback").required().example("0").about("0: the chain of price lists goes on; 1: it ends here.")];

/// Fills in the default website, and lets `fallback` be 0 or 1.
pub struct FallbackRules;

impl Rules for FallbackRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let wrong = nodes.iter().map(|index| batch.node(*index)).filter(|node| {
            node.value("fallback").and_then(|value| value.as_integer()).is_some_and(|number| !(0..=1).contains(&number))
        });
        let detail = "The value you selected is not a valid choice: 0 goes on to the next price lists, 1 ends here.";
        Errors::check(wrong.map(|node| node.at_attribute("fallback", Error::new(&error::CHOICE, detail))).collect())?;
        fill_website(batch, nodes)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}
