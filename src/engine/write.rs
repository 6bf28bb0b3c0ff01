//! Writes: the records of one request as a batch of nodes, and their way into the database.
//!
//! `Document → WritePlan` ([`plan`], pure) `→ Authorized<WritePlan>` (acl) `→ Batch` ([`resolve`]: existing records
//! locked, ids drawn, references checked) `→ rules → check → store → rules → change rows`. All but the first runs in
//! one transaction; the caller renders the answer in it and commits.

mod ancestors;
pub mod atomic;
pub mod batch;
mod change;
mod check;
pub mod chunk;
mod command;
mod delete;
mod drafts;
mod duplicates;
mod failure;
mod identity;
mod lists;
mod lock;
mod moves;
mod observer;
mod parts;
mod per_resource;
pub mod plan;
mod reach;
mod references;
pub mod relationship;
mod resolve;
mod rows;
mod sieve;
mod store;
mod unions;
mod upsert;

pub use batch::{Batch, Linkage, Node, Stored, Target};
pub use command::command;
pub use delete::{Deleted, delete};
pub use observer::{Action, Changed, Nobody, Observer};

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use self::plan::WritePlan;
use self::sieve::{AllOrNone, Sieve};
use super::key::Key;
use super::resource::Resource;
use crate::acl::{Authorized, Caller, Permission};
use crate::error::{Error, Errors};

/// What a write needs to know beside its plan.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub caller: &'a Caller,
    /// The moment of the request: every time stamp it writes.
    pub now: DateTime<Utc>,
    /// The configuration's switches that are on, such as `orders.external_status_management`.
    pub switches: &'a BTreeSet<&'static str>,
    pub passwords: &'a dyn Passwords,
    pub server: &'a dyn Server,
    /// Who is told of every change.
    pub observer: &'a dyn Observer,
}

/// The beginning of every sealed text.
pub const SEALED: &str = "sealed:";

/// What only the running server can do: it has the key and the settings.
pub trait Server: Sync {
    /// A secret as a text that only this server can open again, and only for the same purpose. It begins with [`SEALED`].
    fn seal(&self, purpose: &str, clear: &str) -> Result<String, Error>;

    /// Whether the server may send requests to a URL, as far as the URL tells; the error is a sentence about it.
    fn check_url(&self, url: &str) -> Result<(), String>;

    /// As what the changes of a resource's records are told, where several APIs show the same table: the one that knows
    /// whose they are.
    fn told_as(&self, resource: &'static Resource) -> &'static Resource {
        resource
    }
}

/// What makes hashes of passwords, at the cost and pace that the server was given.
pub trait Passwords: Sync {
    /// Errors: `invalid-value` for a password that is too short or too long.
    fn check(&self, clear: &str) -> Result<(), Error>;

    /// Errors: as [`Passwords::check`]; 429 when too many are waiting.
    fn hash(&self, clear: &str) -> Result<String, Error>;
}

/// What was written, for the answer.
#[derive(Debug)]
pub struct Written {
    /// The records of the request, the primary one first: never none.
    pub records: Vec<Record>,
    /// Whether the primary record is new.
    pub created: bool,
    /// Whether users, roles or what else decides about rights has changed.
    pub rights_changed: bool,
}

impl Written {
    /// The id of the primary record.
    pub fn key(&self) -> &Key {
        &self.records[0].key
    }
}

/// A record of the request.
#[derive(Debug)]
pub struct Record {
    /// Where it stands in the plan.
    pub place: usize,
    pub resource: &'static Resource,
    pub key: Key,
    /// The `id` or `lid` it was sent under.
    pub label: Option<String>,
    pub fate: Fate,
}

/// What a write did to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Created,
    Updated,
    /// It was as the request wants it.
    Unchanged,
}

impl Fate {
    fn of(node: &Node) -> Fate {
        match node.changed.is_empty() {
            _ if node.creates => Fate::Created,
            true => Fate::Unchanged,
            false => Fate::Updated,
        }
    }
}

/// Locks a record until the end of the transaction, so that nobody changes it after it was looked at.
pub fn lock_row(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    key: &Key,
) -> Result<(), Errors> {
    let keys = identity::stored(conn, context, resource, std::slice::from_ref(key))?;
    if !keys.is_empty() {
        lock::lock(conn, context, resource.declared(), Permission::Edit, &keys)?;
    }
    Ok(())
}

/// Writes a plan. The caller has opened a transaction, renders the answer in it and commits.
pub fn write(conn: &mut PgConnection, context: Context<'_>, plan: Authorized<WritePlan>) -> Result<Written, Errors> {
    write_sifted(conn, context, plan, &mut AllOrNone)
}

/// Writes what the sieve leaves of a plan.
fn write_sifted(
    conn: &mut PgConnection,
    context: Context<'_>,
    plan: Authorized<WritePlan>,
    sieve: &mut dyn Sieve,
) -> Result<Written, Errors> {
    let shown: Vec<&'static Resource> = plan.plan().drafts.iter().map(|draft| draft.resource).collect();
    let mut batch = resolve::resolve(conn, context, plan.into_plan(), sieve)?;
    check::fill(&mut batch);
    prepare(&mut batch, sieve)?;
    let wrong = check::members(&batch);
    batch.sift(sieve, wrong)?;
    let wrong = check::owners(&mut batch)?;
    batch.sift(sieve, wrong)?;
    let wrong = check::reach(&mut batch)?;
    batch.sift(sieve, wrong)?;
    let taken = duplicates::check(&mut batch)?;
    batch.sift(sieve, taken)?;
    store::store(&mut batch)?;
    let by_resource = batch.by_resource();
    for (resource, nodes) in &by_resource {
        resource.rules.finish(&mut batch, nodes)?;
    }
    check::check_written(&mut batch)?;
    change::record(&mut batch)?;
    let mut records = Vec::with_capacity(shown.len());
    for (place, node) in batch.nodes.iter().filter_map(|node| Some((node.sent?, node))) {
        let resource = shown[place];
        let (key, label) = (identity::shown(resource, node)?, node.label.clone());
        records.push(Record { place, resource, key, label, fate: Fate::of(node) });
    }
    Ok(Written {
        records,
        created: batch.nodes.first().is_some_and(|node| node.creates),
        rights_changed: by_resource.iter().any(|(resource, _)| resource.rules.changes_rights()),
    })
}

/// What the rules do and refuse before anything is written.
fn prepare(batch: &mut Batch<'_>, sieve: &mut dyn Sieve) -> Result<(), Errors> {
    for (resource, _) in batch.by_resource() {
        loop {
            let nodes = batch.sent_of(resource);
            match resource.rules.prepare(batch, &nodes) {
                Ok(()) => break,
                Err(errors) if resource.rules.can_prepare_again() => batch.sift(sieve, errors.0)?,
                Err(errors) => return Err(errors),
            }
        }
    }
    Ok(())
}
