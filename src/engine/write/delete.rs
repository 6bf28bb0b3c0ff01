//! Deletes: records with their parts, each with a change row of its own. Nothing cascades in Postgres.

use std::collections::BTreeSet;

use diesel::pg::PgConnection;

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::super::sql::Sql;
use super::super::sql::predicate::{Conditions, JOIN_TENANT};
use super::super::value::{Value, key_array};
use super::per_resource::PerResource;
use super::resolve::{self, to_ones};
use super::{Batch, Context, ancestors, change, failure, identity, lists, lock};
use crate::acl::{self, Permission};
use crate::error::{ACCESS_DENIED, Error, Errors};

/// What a delete did.
#[derive(Debug, Default)]
pub struct Deleted {
    pub count: usize,
    /// As [`super::Written::rights_changed`].
    pub rights_changed: bool,
}

/// Deletes records of one resource, all or none. The caller has opened a transaction.
///
/// Errors: 404 when one does not exist, 403 when one may not be deleted, by rights or by rules.
pub fn delete(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<Deleted, Errors> {
    if acl::scope(resource, Permission::Delete, context.caller).is_none() {
        return Err(Error::no_access_to_type().into());
    }
    if keys.is_empty() {
        return Ok(Deleted::default());
    }
    let stored = identity::stored(conn, context, resource, keys)?;
    if stored.len() < keys.len() {
        return Err(Error::not_found().into());
    }
    let (resource, keys) = (resource.declared(), stored.as_slice());
    let mut batch = Batch::new(conn, context);
    ancestors::lock(batch.conn, context, resource, keys)?;
    let found = lock::lock(batch.conn, context, resource, Permission::Delete, keys)?;
    for key in keys {
        match found.get(key) {
            None => return Err(Error::not_found().into()),
            Some(row) if !row.allowed => return Err(Error::no_access().into()),
            Some(_) => {}
        }
    }
    let parents = ancestors::parents(batch.conn, context, resource, keys)?;
    let mut left = Vec::new();
    for list in lists::required_lists(resource) {
        left.push((list.parents(&mut batch, keys)?, list));
    }
    remove(&mut batch, resource, keys)?;
    for (parents, list) in left {
        if let Some(shortage) = list.shortages(&mut batch, &parents)?.values().min() {
            return Err(Error::delete_forbidden(shortage).into());
        }
    }
    resource.rules.after_delete(&mut batch, keys, &parents)?;
    if let (Some((parent, list)), false) = (parent_list(resource), parents.is_empty()) {
        for key in parents {
            batch.touch(parent, key, &[list]);
        }
        super::store::stamp_parents(&mut batch)?;
    }
    change::record(&mut batch)?;
    Ok(Deleted { count: keys.len(), rights_changed: resource.rules.changes_rights() })
}

/// The resource a part belongs to, and the list there that holds it.
fn parent_list(resource: &'static Resource) -> Option<(&'static Resource, &'static str)> {
    let relation = ancestors::parent_relation(resource)?;
    let list = relation.target.relations.iter().find(|list| {
        list.target == resource
            && resolve::inverse(relation.target, list).is_some_and(|back| back.name == relation.name)
    })?;
    Some((relation.target, list.name))
}

/// Removes records and their parts, without asking for rights: they were asked for at the record that goes.
pub(super) fn remove(batch: &mut Batch<'_>, resource: &'static Resource, keys: &[Key]) -> Result<(), Errors> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys: &[Key] = &keys.iter().cloned().collect::<BTreeSet<Key>>().into_iter().collect::<Vec<Key>>();
    resource
        .rules
        .before_delete(batch.conn, batch.context.caller, keys)
        .map_err(|error| if error.code == &ACCESS_DENIED { Error::delete_forbidden(&error.detail) } else { error })?;
    change::record_removed(batch, resource, keys)?;
    clear_late_links(batch, resource, keys)?;
    let mut owned = PerResource::new();
    for relation in resource.relations.iter().filter(|relation| relation.cascade || relation.along) {
        let parts = parts_of(batch, resource, relation, keys)?;
        match relation.link {
            Link::ToMany { .. } => remove(batch, relation.target, &parts)?,
            // These parts are pointed at from here: they go when the pointers are gone.
            Link::ToOne { .. } | Link::Through { .. } => {
                parts.into_iter().for_each(|part| owned.add(relation.target, part));
            }
            Link::Polymorphic { .. } | Link::Union { .. } => {}
        }
    }
    for relation in resource.relations {
        if let Link::Through { table, own, .. } = relation.link {
            let mut sql = Sql::new();
            sql.raw("DELETE FROM ").ident(table).raw(" WHERE ").ident(own);
            sql.raw(" = ANY(").bind(key_array(keys)).raw(")");
            if resource.tenant.is_some() || relation.target.tenant.is_some() {
                sql.raw(" AND ").ident(JOIN_TENANT).raw(" = ").bind(Value::Integer(batch.organization()));
            }
            sql.execute(batch.conn)?;
        }
    }
    let mut sql = Sql::new();
    sql.raw("DELETE FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    where_keys(batch, &mut sql, resource, keys);
    let deleted = sql.execute(batch.conn).map_err(|error| match failure::still_used_by(&error) {
        // What goes with the records was looked for before this came: it is looked for again.
        Some(table) if goes_along(resource, &table) => Error::contention().into(),
        Some(table) => {
            Errors::from(Error::delete_forbidden(&format!("it is still used by {}", table.replace('_', " "))))
        }
        None => error.into(),
    })?;
    // Another request has deleted some of them meanwhile: everything is looked at again.
    if deleted < keys.len() {
        return Err(Error::contention().into());
    }
    // One part may be pointed at twice: an address that is both for the bill and for the parcel.
    for (target, parts) in owned.into_vec() {
        remove(batch, target, &parts)?;
    }
    Ok(())
}

fn where_keys(batch: &Batch<'_>, sql: &mut Sql, resource: &'static Resource, keys: &[Key]) {
    Conditions::new(batch.context.caller).tenant(sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
}

/// Whether the rows of a table that point at records of the resource go with them.
fn goes_along(resource: &Resource, table: &str) -> bool {
    resource.relations.iter().any(|relation| match relation.link {
        Link::Through { table: join, .. } => join.as_str() == table,
        Link::ToMany { .. } => (relation.cascade || relation.along) && relation.target.table.as_str() == table,
        _ => false,
    })
}

/// The edges of foreign key cycles are cut first.
fn clear_late_links(batch: &mut Batch<'_>, resource: &'static Resource, keys: &[Key]) -> Result<(), Errors> {
    for (_, column) in to_ones(resource).filter(|(relation, _)| relation.late) {
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(resource.table).raw(" AS t0 SET ").ident(column).raw(" = NULL WHERE ");
        where_keys(batch, &mut sql, resource, keys);
        sql.execute(batch.conn)?;
    }
    Ok(())
}

pub(super) fn parts_of(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    relation: &'static Relation,
    keys: &[Key],
) -> Result<Vec<Key>, Errors> {
    let target = relation.target;
    let organization = Value::Integer(batch.organization());
    let mut sql = Sql::new();
    match relation.link {
        Link::ToMany { column } => {
            sql.raw("SELECT ").key_columns(0, target).raw(" FROM ").ident(target.table).raw(" AS t0 WHERE ");
            Conditions::new(batch.context.caller).tenant(&mut sql, target, 0);
            sql.raw(" AND ").column(0, column).raw(" = ANY(").bind(key_array(keys)).raw(")");
        }
        Link::ToOne { column, .. } => {
            sql.raw("SELECT ").column(0, column).raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
            where_keys(batch, &mut sql, resource, keys);
            sql.raw(" AND ").column(0, column).raw(" IS NOT NULL");
        }
        Link::Through { table, own, target: far, slot } => {
            sql.raw("SELECT ").column(0, far).raw(" FROM ").ident(table).raw(" AS t0 WHERE ").column(0, own);
            sql.raw(" = ANY(").bind(key_array(keys)).raw(")");
            if resource.tenant.is_some() || target.tenant.is_some() {
                sql.raw(" AND ").column(0, JOIN_TENANT).raw(" = ").bind(organization);
            }
            if let Some((column, word)) = slot {
                sql.raw(" AND ").column(0, column).raw(" = ").bind(Value::Text(word.to_owned()));
            }
        }
        Link::Polymorphic { .. } | Link::Union { .. } => return Ok(Vec::new()),
    }
    let rows = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, target.id.kind)?) })?;
    Ok(rows.into_iter().flatten().collect())
}
