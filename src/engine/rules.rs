//! What is special to a resource: an optional second part beside its descriptor.
//!
//! The engine calls these in the transaction of a write, once for all records of a resource in the request.
//! See [`super::write::Batch`] for what a rule may look at and change.

use diesel::pg::PgConnection;

use super::key::Key;
use super::write::Batch;
use crate::acl::Caller;
use crate::error::{Error, Errors};

/// A resource's own behaviour. Every method does nothing by default.
pub trait Rules: Sync {
    /// Before the required members are checked: fill in what follows from other members, copy, derive, and refuse what
    /// the fields alone cannot say. `nodes` are indices into the batch.
    fn prepare(&self, _batch: &mut Batch<'_>, _nodes: &[usize]) -> Result<(), Errors> {
        Ok(())
    }

    /// Whether [`Rules::prepare`] may be called again, for the records that are left, after it has refused some of a chunk:
    /// what it does to a record twice is as if it were done once, and leads to no error. Otherwise the chunk is begun again
    /// without what was refused.
    fn can_prepare_again(&self) -> bool {
        false
    }

    /// After all records of the request are written: recompute what depends on them (totals, tree positions).
    fn finish(&self, _batch: &mut Batch<'_>, _nodes: &[usize]) -> Result<(), Errors> {
        Ok(())
    }

    /// Whether a change of these records may change what callers are permitted to do; known callers are then forgotten.
    fn changes_rights(&self) -> bool {
        false
    }

    /// Before records are deleted, parts first: the text of the refusal becomes
    /// `The delete operation is forbidden. Reason: …`.
    fn before_delete(&self, _conn: &mut PgConnection, _caller: &Caller, _keys: &[Key]) -> Result<(), Error> {
        Ok(())
    }

    /// After records are deleted: their ids, and for parts the ids of the records they belonged to. The batch has no
    /// nodes; what a rule changes along the way it tells by [`Batch::touch`].
    fn after_delete(&self, _batch: &mut Batch<'_>, _keys: &[Key], _parents: &[Key]) -> Result<(), Errors> {
        Ok(())
    }
}

/// The rules of a resource that has none.
pub struct NoRules;

impl Rules for NoRules {}
