//! A checked batch → rows. Inserts in the order of the foreign keys; then updates and late links; then the lists. One
//! statement for all rows of a resource that go together, its values as one array a column.

mod insert;
mod levels;
mod stamp;
mod update;

use self::levels::Levels;
pub(super) use self::stamp::stamp_parents;
use super::super::key::Key;
use super::super::kind::Kind;
use super::super::resource::IdKind;
use super::super::value::Value;
use super::resolve::to_ones;
use super::{Batch, SEALED, lists, moves};
use crate::error::{Error, Errors};

/// Writes every node.
pub(super) fn store(batch: &mut Batch<'_>) -> Result<(), Errors> {
    moves::note(batch)?;
    complete_composite_keys(batch);
    let levels = Levels::of(batch);
    insert::all(batch, &levels)?;
    update::all(batch, &levels)?;
    lists::store(batch)?;
    stamp_parents(batch)
}

/// The suffix of a composite id is known once its link is.
fn complete_composite_keys(batch: &mut Batch<'_>) {
    for node in batch.nodes.iter_mut().filter(|node| node.creates) {
        let (Key::Guid(guid, _), IdKind::Guid { suffix }) = (&node.key, node.resource.id.kind) else { continue };
        let guid = *guid;
        let link = to_ones(node.resource).find(|(_, column)| *column == suffix);
        if let Some(Key::Integer(id)) = link.and_then(|(relation, _)| node.effective_one(relation.name)) {
            node.key = Key::Guid(guid, *id);
        }
    }
}

/// A resource with a password or a secret needs a rule that hashes or seals it; clear text never reaches a column.
fn guard_secrets(kind: Kind, value: &Value) -> Result<(), Error> {
    match value.as_text() {
        Some(text) if kind == Kind::Password && !text.starts_with("$argon2") => {
            Err(Error::internal("a password arrived at its column without having been hashed"))
        }
        Some(text) if kind == Kind::Secret && !text.starts_with(SEALED) => {
            Err(Error::internal("a secret arrived at its column without having been sealed"))
        }
        _ => Ok(()),
    }
}
