//! The attribute `password` of users and customer users: clear text in the request, a hash in the column.

use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Errors, FORM};

/// Hashes the password that the request gives a node and notes when it was changed. What the request calls a password
/// never reaches a column, whatever it looks like.
pub(crate) fn hash(batch: &mut Batch<'_>, index: usize) -> Result<(), Errors> {
    let (now, passwords) = (Value::DateTime(batch.context.now), batch.context.passwords);
    let node = batch.node_mut(index);
    let Some(text) = node.value("password").and_then(Value::as_text) else { return Ok(()) };
    let hash = passwords
        .hash(text)
        .map_err(|error| if error.code == &FORM { node.at_attribute("password", error) } else { error })?;
    node.set("password", Value::Text(hash));
    node.set("passwordChangedAt", now);
    Ok(())
}
