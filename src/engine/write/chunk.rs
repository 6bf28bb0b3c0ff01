//! Batches: many records written together, by the same rules and with the same errors as one (contract 19).
//!
//! Input: the items of a body, as `document::item` reads them. [`write_chunk`] writes every good record and tells of each
//! what became of it; [`write_all`] writes all of them or none. Both run in the caller's transaction.

mod attempt;
mod fate;

use diesel::pg::PgConnection;

use self::attempt::Attempts;
use self::fate::Fates;
use super::plan::{Batched, Made, Role, WritePlan};
use super::{Context, Written, reach, write};
use crate::acl::authorize;
use crate::engine::document::ResourceObject;
use crate::engine::document::item::Item;
use crate::engine::key::Key;
use crate::error::{Error, Errors};

/// Records to be written together.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Items of `data`.
    pub primary: Vec<Item>,
    /// The items of `included` that those need. What none of them needs is an error.
    pub included: Vec<Item>,
    /// Included records that were written before, by type and label.
    pub made: Made,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created(Key),
    Updated(Key),
    /// It was as the request wants it.
    Unchanged(Key),
    /// Nothing was written of it. The errors are those of the record, and of those in the request that it needs.
    Failed(Errors),
}

/// What became of the records of a chunk.
#[derive(Debug)]
pub struct WrittenChunk {
    /// Of each of [`Chunk::primary`], in its order.
    pub primary: Vec<Outcome>,
    /// Of each of [`Chunk::included`]: one that only failed records need has failed with them.
    pub included: Vec<Outcome>,
    /// As [`Written::rights_changed`].
    pub rights_changed: bool,
}

/// Writes every record of a chunk that can be written, and leaves no trace of the others.
///
/// Errors: what is no fault of any record (the database is away, another transaction is in the way); nothing is to be
/// committed then.
pub fn write_chunk(conn: &mut PgConnection, context: Context<'_>, chunk: &Chunk) -> Result<WrittenChunk, Errors> {
    let objects = objects(chunk);
    let Batched { plan, neighbours, errors } = WritePlan::batch(&objects, &chunk.made);
    let unreachable = reach::unreachable(&objects, &neighbours);
    let mut fates = Fates::new(&objects, &plan, neighbours);
    fates.fail(form_errors(chunk).chain(errors).chain(unreachable).collect());
    fates.fail_forbidden(&plan, context.caller);
    let (drafts, made): (Vec<usize>, _) = ((0..plan.drafts.len()).collect(), &chunk.made);
    let mut attempts = Attempts { context, plan: Some(plan), objects: &objects, made, fates, rights_changed: false };
    attempts.write(conn, &drafts, 0)?;
    let Attempts { fates, rights_changed, .. } = attempts;
    let mut outcomes = fates.into_outcomes().into_iter();
    let mut of = |items: &[Item]| {
        let outcome = |item: &Item| match &item.object {
            Some(_) => outcomes.next().unwrap_or_else(|| Outcome::Failed(Errors(item.errors.clone()))),
            None => Outcome::Failed(Errors(item.errors.clone())),
        };
        items.iter().map(outcome).collect()
    };
    Ok(WrittenChunk { primary: of(&chunk.primary), included: of(&chunk.included), rights_changed })
}

/// Writes all records of a chunk, or none. The records of the answer are those of [`Chunk::primary`] and
/// [`Chunk::included`], in this order.
pub fn write_all(conn: &mut PgConnection, context: Context<'_>, chunk: &Chunk) -> Result<Written, Errors> {
    let objects = objects(chunk);
    let Batched { plan, neighbours, errors } = WritePlan::batch(&objects, &chunk.made);
    Errors::check(form_errors(chunk).chain(errors).collect())?;
    Errors::check(reach::unreachable(&objects, &neighbours))?;
    write(conn, context, authorize(plan, context.caller)?)
}

/// What could be read of the items, with what it is to the request.
fn objects(chunk: &Chunk) -> Vec<(&ResourceObject, Role)> {
    let members = chunk.primary.iter().filter_map(|item| Some((item.object.as_ref()?, Role::Member)));
    let included = chunk.included.iter().filter_map(|item| Some((item.object.as_ref()?, Role::Included)));
    members.chain(included).collect()
}

/// What is wrong with the form of items.
fn form_errors(chunk: &Chunk) -> impl Iterator<Item = Error> {
    chunk.primary.iter().chain(&chunk.included).flat_map(|item| item.errors.iter().cloned())
}
