//! Records that exist, locked and read: what a write changes stays as it was looked at until the transaction ends.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;

use super::super::field::Field;
use super::super::key::Key;
use super::super::predicate::Predicate;
use super::super::resource::{IdKind, Resource};
use super::super::row::Row;
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::key_array;
use super::drafts::Drafts;
use super::per_resource::PerResource;
use super::plan::{Draft, Match, Operation, Role};
use super::resolve::to_ones;
use super::{Batch, Context, Stored, ancestors};
use crate::acl::{self, Permission};
use crate::error::{ENTITY, Error, Errors};

/// A record found for an update.
pub(super) struct Found {
    pub stored: Stored,
    /// Whether the caller has the permission asked for.
    pub allowed: bool,
}

/// Locks the records that the request updates by id. The answer: what is wrong with some of the drafts.
pub(super) fn lock_updates(batch: &mut Batch<'_>, drafts: &mut Drafts) -> Result<Vec<Error>, Errors> {
    let mut wanted = PerResource::new();
    for (index, draft) in drafts.list.iter().enumerate() {
        let (key, must_exist) = match &draft.operation {
            Operation::Update(key) => (key, true),
            Operation::Upsert(Match::Id(key)) | Operation::Create(Some(key)) => (key, false),
            _ => continue,
        };
        wanted.add(draft.resource, (index, key.clone(), must_exist));
    }
    let mut wanted = wanted.into_vec();
    wanted.sort_by_key(|(resource, _)| ancestors::depth(resource));
    let mut errors = Vec::new();
    for (resource, list) in wanted {
        let keys: Vec<Key> = list.iter().map(|(_, key, _)| key.clone()).collect();
        ancestors::lock(batch.conn, batch.context, resource, &keys)?;
        let mut rows = lock(batch.conn, batch.context, resource, Permission::Edit, &keys)?;
        let mut first: HashMap<Key, usize> = HashMap::new();
        for (index, key, must_exist) in list {
            let draft = &drafts.list[index];
            if let Some(first) = first.insert(key.clone(), index) {
                errors.push(Error::duplicate_of(&drafts.list[first].pointer).at(&draft.pointer));
                continue;
            }
            match rows.remove(&key) {
                Some(_) if matches!(draft.operation, Operation::Create(_)) => {
                    let place = format!("{}/id", draft.pointer);
                    errors.push(Error::conflict("The entity already exists.").at(place));
                }
                Some(row) if row.allowed => drafts.found[index] = Some((key, row.stored)),
                Some(_) => errors.push(place(Error::no_access(), draft)),
                None if must_exist => errors.push(no_entity(draft)),
                None => {}
            }
        }
    }
    Ok(errors)
}

/// An error at a record of the request; the primary one needs no pointer.
pub(super) fn place(error: Error, draft: &Draft) -> Error {
    if draft.role == Role::Primary { error } else { error.at(&draft.pointer) }
}

/// The record that should be updated is not there.
pub(super) fn no_entity(draft: &Draft) -> Error {
    let error = match draft.role {
        Role::Primary | Role::Member => Error::not_found(),
        Role::Included => Error::new(&ENTITY, "The entity does not exist."),
    };
    place(error, draft)
}

/// Locks records and reads what a write may compare: fields, to-one links, and whether `permission` is held.
pub(super) fn lock(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    permission: Permission,
    keys: &[Key],
) -> Result<HashMap<Key, Found>, Error> {
    let mut sql = select_stored(context, resource, permission, |_| {});
    sql.raw(" WHERE ");
    Conditions::new(context.caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND t0.").ident(resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    // Always in the same order, so that two requests on the same records wait instead of deadlocking.
    sql.raw(" ORDER BY t0.").ident(resource.id.column).raw(" FOR UPDATE OF t0");
    let rows = sql.collect(conn, |row| read_stored(row, resource))?;
    // A composite id whose suffix differs names no record.
    let asked: HashSet<&Key> = keys.iter().collect();
    Ok(rows.into_iter().filter(|(key, _)| asked.contains(key)).collect())
}

/// `SELECT id, allowed, fields, to-one links, more FROM table AS t0`.
pub(super) fn select_stored(
    context: Context<'_>,
    resource: &'static Resource,
    permission: Permission,
    more: impl FnOnce(&mut Sql),
) -> Sql {
    let mut conditions = Conditions::new(context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(", ");
    push_allowed(&mut sql, &mut conditions, resource, permission);
    for field in stored_fields(resource) {
        sql.raw(", t0.").ident(field.column);
    }
    for (_, column) in to_ones(resource) {
        sql.raw(", t0.").ident(column);
    }
    more(&mut sql);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0");
    sql
}

/// How many columns [`select_stored`] reads before `more`.
pub(super) fn stored_width(resource: &'static Resource) -> usize {
    key_width(resource) + 1 + resource.fields.len() + to_ones(resource).count()
}

/// Whether the caller has the permission on row `t0`, as an expression.
pub(super) fn push_allowed(
    sql: &mut Sql,
    conditions: &mut Conditions<'_>,
    resource: &'static Resource,
    permission: Permission,
) {
    let scope = acl::scope(resource, permission, conditions.caller).unwrap_or(Predicate::False);
    conditions.condition(sql, resource, 0, &scope);
}

/// The fields that a column holds.
fn stored_fields(resource: &'static Resource) -> impl Iterator<Item = &'static Field> {
    resource.fields.iter().filter(|field| !field.computed)
}

pub(super) fn read_stored(row: &Row<'_>, resource: &'static Resource) -> Result<(Key, Found), Error> {
    let key = row.key(0, resource.id.kind)?.ok_or_else(|| Error::internal("a row without an id"))?;
    let mut place = key_width(resource);
    let allowed = row.boolean(place)?.unwrap_or(false);
    let mut stored = Stored::default();
    for field in stored_fields(resource) {
        place += 1;
        stored.values.insert(field.name, row.value(place, field.kind.storage())?);
    }
    for (relation, _) in to_ones(resource) {
        place += 1;
        stored.links.insert(relation.name, row.key(place, relation.target.id.kind)?);
    }
    Ok((key, Found { stored, allowed }))
}

/// How many columns the id takes in a SELECT.
pub(super) fn key_width(resource: &Resource) -> usize {
    if matches!(resource.id.kind, IdKind::Guid { .. }) { 2 } else { 1 }
}
