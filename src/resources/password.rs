//! The attribute `password` of users and customer users: clear text in the request, a hash in the column.

use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};

/// What is wrong with the passwords that the request gives nodes.
pub(crate) fn errors(batch: &Batch<'_>, nodes: &[usize]) -> Vec<Error> {
    let error = |index: &usize| {
        let node = batch.node(*index);
        let error = batch.context.passwords.check(clear(node)?).err()?;
        Some(node.at_attribute("password", error))
    };
    nodes.iter().filter_map(error).collect()
}

/// Hashes the passwords that the request gives nodes and notes when they were changed, once nothing else can be wrong with
/// any of them: it takes its time, and is not done again. What the request calls a password never reaches a column,
/// whatever it looks like.
pub(crate) fn hash(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let (now, passwords) = (batch.context.now, batch.context.passwords);
    for index in nodes {
        let node = batch.node_mut(*index);
        let Some(hash) = clear(node).map(|clear| passwords.hash(clear)) else { continue };
        node.set("password", Value::Text(hash?));
        node.set("passwordChangedAt", Value::DateTime(now));
    }
    Ok(())
}

fn clear(node: &Node) -> Option<&str> {
    node.value("password").and_then(Value::as_text)
}
