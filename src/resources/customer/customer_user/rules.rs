//! Customer users: when the password was last changed.

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct CustomerUserRules;

impl Rules for CustomerUserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let now = Value::DateTime(batch.context.now);
        for index in nodes {
            if batch.node(*index).value("password").is_some() {
                batch.node_mut(*index).set("passwordChangedAt", now.clone());
            }
        }
        Ok(())
    }
}
