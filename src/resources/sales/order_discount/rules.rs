//! A discount needs its amount or its percent; the other is derived with the order's totals.

use crate::commerce::totals::BY_PERCENT;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Error, Errors};
use crate::resources::sales::pricing;

pub struct OrderDiscountRules;

impl Rules for OrderDiscountRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            let by_percent = node.effective("orderDiscountType").as_text() == Some(BY_PERCENT);
            let needed = if by_percent { "percent" } else { "amount" };
            if node.effective("percent").is_null() && node.effective("amount").is_null() {
                errors.push(node.at_attribute(needed, Error::not_blank()));
            }
        }
        Errors::check(errors)?;
        // What the client did not send follows from what it did: an amount set on a discount by percent without one.
        for index in nodes {
            let node = batch.node_mut(*index);
            let by_percent = node.effective("orderDiscountType").as_text() == Some(BY_PERCENT);
            if !by_percent && node.values.contains_key("percent") && !node.values.contains_key("amount") {
                node.set("amount", Value::Null);
            }
        }
        Ok(())
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        pricing::finish(batch, nodes)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], parents: &[Key]) -> Result<(), Errors> {
        pricing::order_parts_deleted(batch, parents)
    }
}
