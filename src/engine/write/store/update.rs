//! Rows that differ from what is stored, and links that had to wait: one UPDATE for all such rows of a resource. It
//! carries the organization and the caller's scope in its WHERE.

use std::collections::{BTreeMap, BTreeSet};

use super::stamp::stamp;
use super::{Levels, guard_secrets};
use crate::acl::{self, Permission};
use crate::engine::key::Key;
use crate::engine::predicate::Predicate;
use crate::engine::relation::Link;
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;
use crate::engine::write::check::{is_new_link, parent_nodes};
use crate::engine::write::plan::Role;
use crate::engine::write::references::existing;
use crate::engine::write::resolve::to_ones;
use crate::engine::write::rows::{Cell, columns, link_cells, storage_of};
use crate::engine::write::{Batch, Node, failure};
use crate::error::{Error, Errors};

/// What the rows of one UPDATE have in common: the resource, and whether the right to edit is asked for.
type Shape = (&'static str, bool);

/// A node and what it changes.
type Change = (usize, Vec<Cell>);

pub(super) fn all(batch: &mut Batch<'_>, levels: &Levels) -> Result<(), Errors> {
    let parents = parent_nodes(batch);
    let now = batch.context.now;
    let mut groups: BTreeMap<Shape, Vec<Change>> = BTreeMap::new();
    for (index, parent) in parents.into_iter().enumerate() {
        let is_own_part = parent.is_some_and(|parent| batch.node(parent).creates);
        let node = batch.node_mut(index);
        let mut cells = changes(node, index, levels)?;
        if cells.is_empty() {
            continue;
        }
        if !node.creates {
            cells.extend(stamp(node.resource, &node.values, now));
        }
        let scoped = !node.creates && !is_own_part;
        groups.entry((node.resource.name, scoped)).or_default().push((index, cells));
    }
    for ((_, scoped), changes) in groups {
        for (names, changes) in alike(batch, changes) {
            update(batch, &names, changes, scoped)?;
        }
    }
    Ok(())
}

/// What a node changes of its row, with the names of the members as changed.
fn changes(node: &mut Node, index: usize, levels: &Levels) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    for field in node.resource.fields.iter().filter(|_| !node.creates) {
        let Some(value) = node.values.get(field.name) else { continue };
        if node.stored.values.get(field.name) != Some(value) {
            guard_secrets(field.kind, value)?;
            cells.push(Cell::new(field.column, field.kind.storage(), value.clone()));
            node.changed.insert(field.name);
        }
    }
    for relation in node.resource.relations {
        let differs = match relation.link {
            _ if node.creates => levels.deferred.contains(&(index, relation.name)),
            Link::ToOne { .. } => node.links.contains_key(relation.name) && is_new_link(node, relation.name),
            Link::Polymorphic { .. } => node.links.contains_key(relation.name),
            Link::ToMany { .. } | Link::Through { .. } | Link::Union { .. } => false,
        };
        if differs {
            cells.extend(link_cells(node, relation));
            node.changed.insert(relation.name);
        }
    }
    Ok(cells)
}

/// Changes of one resource by the columns they set. Where each sets other columns, all set all of them, with what is
/// stored already.
fn alike(batch: &Batch<'_>, changes: Vec<Change>) -> Vec<(Vec<Ident>, Vec<Change>)> {
    let every: BTreeSet<Ident> = changes.iter().flat_map(|(_, cells)| cells.iter().map(|cell| cell.column)).collect();
    let mut groups: BTreeMap<Vec<Ident>, Vec<Change>> = BTreeMap::new();
    for (index, mut cells) in changes {
        if cells.len() < every.len() {
            let missing = every.iter().filter(|column| cells.iter().all(|cell| cell.column != **column));
            let stored: Option<Vec<Cell>> = missing.map(|column| stored(batch.node(index), *column)).collect();
            cells.extend(stored.into_iter().flatten());
        }
        cells.sort_by_key(|cell| cell.column);
        cells.dedup_by_key(|cell| cell.column);
        let names = cells.iter().map(|cell| cell.column).collect();
        groups.entry(names).or_default().push((index, cells));
    }
    groups.into_iter().collect()
}

/// What a column of a record holds, as far as it was read.
fn stored(node: &Node, column: Ident) -> Option<Cell> {
    if let Some(field) = node.resource.fields.iter().find(|field| field.column == column) {
        let value = node.stored.values.get(field.name)?.clone();
        return Some(Cell::new(column, field.kind.storage(), value));
    }
    let (relation, _) = to_ones(node.resource).find(|(_, own)| *own == column)?;
    let key = node.stored.links.get(relation.name)?;
    let value = key.as_ref().map_or(Value::Null, Value::from);
    Some(Cell::new(column, storage_of(relation.target.id.kind), value))
}

fn update(batch: &mut Batch<'_>, names: &[Ident], changes: Vec<Change>, scoped: bool) -> Result<(), Errors> {
    let (nodes, mut rows): (Vec<usize>, Vec<Vec<Cell>>) = changes.into_iter().unzip();
    let Some(first) = nodes.first() else { return Ok(()) };
    let resource = batch.node(*first).resource;
    for (index, row) in nodes.iter().zip(&mut rows) {
        row.insert(
            0,
            Cell::new(resource.id.column, storage_of(resource.id.kind), Value::from(&batch.node(*index).key)),
        );
    }
    let mut sql = Sql::new();
    sql.bounded();
    sql.raw("UPDATE ").ident(resource.table).raw(" AS t0 SET ");
    for (place, name) in names.iter().enumerate() {
        sql.raw(if place > 0 { ", " } else { "" }).ident(*name).raw(" = v.").ident(*name);
    }
    sql.raw(" FROM ").rows(columns(rows)?).raw(" AS v (").ident(resource.id.column);
    for name in names {
        sql.raw(", ").ident(*name);
    }
    sql.raw(") WHERE ");
    let mut conditions = Conditions::new(batch.context.caller);
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = v.").ident(resource.id.column);
    if scoped {
        let scope = acl::scope(resource, Permission::Edit, batch.context.caller).unwrap_or(Predicate::False);
        conditions.and(&mut sql, resource, 0, &scope);
    }
    match sql.execute(batch.conn) {
        Ok(count) if count < nodes.len() => Err(refused(batch, resource, &nodes)?),
        Ok(_) => Ok(()),
        Err(error) => Err(failure::explain(batch, &nodes, error)),
    }
}

/// The errors of those that were not updated, since the caller may not edit them.
fn refused(batch: &mut Batch<'_>, resource: &'static Resource, nodes: &[usize]) -> Result<Errors, Error> {
    let keys: Vec<Key> = nodes.iter().map(|index| batch.node(*index).key.clone()).collect();
    let allowed = existing(batch.conn, batch.context, resource, Permission::Edit, &keys)?;
    let nodes = nodes.iter().map(|index| batch.node(*index));
    let errors = nodes.filter(|node| allowed.get(&node.key) != Some(&true)).map(|node| {
        let error = Error::no_access_by(Permission::Edit.name());
        if node.role == Role::Primary { error } else { error.at(&node.pointer) }
    });
    let errors: Vec<Error> = errors.collect();
    // They have gone meanwhile, or the right has come meanwhile.
    Ok(if errors.is_empty() { Error::contention().into() } else { Errors(errors) })
}
