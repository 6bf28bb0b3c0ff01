//! Operations: a client can do nothing to one but cancel it, and that only before it has ended.

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};
use crate::operation::Status;

pub struct AsyncOperationRules;

impl Rules for AsyncOperationRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let now = batch.context.now;
        for index in nodes {
            let node = batch.node_mut(*index);
            if is_cancelled(node)? {
                node.set("endedAt", Value::DateTime(now));
            }
        }
        Ok(())
    }
}

/// Whether the request cancels the operation, which has not ended yet.
fn is_cancelled(node: &Node) -> Result<bool, Error> {
    let asked = node.value("status").and_then(Value::as_text);
    let stored = node.stored.values.get("status").and_then(Value::as_text).unwrap_or_default();
    if asked.is_none_or(|asked| asked == stored) {
        return Ok(false);
    }
    if asked != Some(Status::Cancelled.word()) {
        let error = Error::value("The only status that can be set is \"cancelled\".");
        return Err(node.at_attribute("status", error));
    }
    if Status::parse(stored).is_some_and(Status::has_ended) {
        let error = Error::conflict(format!("The operation has ended already: its status is \"{stored}\"."));
        return Err(node.at_attribute("status", error));
    }
    Ok(true)
}
