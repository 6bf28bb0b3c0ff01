//! The attribute `password` of users and customer users: clear text in the request, a hash in the column.

use crate::auth::AccessError;
use crate::auth::password::{self, Cost};
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Error, Errors};

/// Hashes the password that the request gives a node and notes when it was changed. What the request calls a password
/// never reaches a column, whatever it looks like.
pub(crate) fn hash(batch: &mut Batch<'_>, index: usize) -> Result<(), Errors> {
    let now = Value::DateTime(batch.context.now);
    let node = batch.node_mut(index);
    let Some(text) = node.value("password").and_then(Value::as_text) else { return Ok(()) };
    let hash = password::hash(Cost::default(), text).map_err(|error| match error {
        AccessError::Refused(sentence) => {
            node.at_attribute("password", Error::form(format!("This value is not valid. Rule: {sentence}.")))
        }
        other => other.into(),
    })?;
    node.set("password", Value::Text(hash));
    node.set("passwordChangedAt", now);
    Ok(())
}
