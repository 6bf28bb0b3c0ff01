//! The time of the last change, of records and of what they are parts of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::engine::key::Key;
use crate::engine::kind::{Kind, Storage};
use crate::engine::relation::Link;
use crate::engine::resource::{Ownership, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::{Value, key_array};
use crate::engine::write::per_resource::PerResource;
use crate::engine::write::resolve::inverse;
use crate::engine::write::rows::Cell;
use crate::engine::write::{Batch, Node};
use crate::error::Errors;

/// The column that tells when the record changed last, unless the request sets it.
pub(super) fn stamp(resource: &Resource, given: &BTreeMap<&'static str, Value>, now: DateTime<Utc>) -> Option<Cell> {
    let field = resource.field("updatedAt").filter(|field| field.kind == Kind::DateTime)?;
    (!given.contains_key(field.name)).then(|| Cell::new(field.column, Storage::Timestamp, Value::DateTime(now)))
}

/// A changed list or part is a change of the record it belongs to: its time stamp moves, so that whoever polls by
/// `updatedAt` sees it.
pub(in crate::engine::write) fn stamp_parents(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut stale: Vec<(&'static Resource, Key, &'static str)> = Vec::new();
    for node in batch.nodes.iter().filter(|node| node.creates || !node.changed.is_empty()) {
        if let Some((parent, key, name)) = parent_of(node) {
            stale.push((parent, key, name));
        }
    }
    for (resource, key, name) in stale {
        let node = batch.find(resource, &key);
        if !node.is_some_and(|node| batch.node(node).creates) {
            batch.touch(resource, key, &[name]);
        }
    }
    let now = batch.context.now;
    let touched = batch.touched.iter().map(|((_, key), touched)| (touched.resource, key.clone()));
    let listed = batch.nodes.iter().filter(|node| !node.creates && !node.changed.is_empty() && only_lists(node));
    let mut by_resource = PerResource::new();
    for (resource, key) in touched.chain(listed.map(|node| (node.resource, node.key.clone()))) {
        by_resource.add(resource, key);
    }
    for (resource, keys) in by_resource {
        let Some(Cell { column, .. }) = stamp(resource, &BTreeMap::new(), now) else { continue };
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(resource.table).raw(" AS t0 SET ").ident(column);
        sql.raw(" = ").bind(Value::DateTime(now)).raw(" WHERE ");
        Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
        sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(&keys));
        sql.raw(") AND ").column(0, column).raw(" IS DISTINCT FROM ").bind(Value::DateTime(now));
        sql.execute(batch.conn)?;
    }
    Ok(())
}

/// Whether nothing but lists has changed, which no UPDATE of the row itself has stamped.
fn only_lists(node: &Node) -> bool {
    node.changed.iter().all(|name| {
        let link = node.resource.relation(name).map(|relation| &relation.link);
        matches!(link, Some(Link::ToMany { .. } | Link::Through { .. }))
    })
}

/// The record a part belongs to, and the list there that holds it.
fn parent_of(node: &Node) -> Option<(&'static Resource, Key, &'static str)> {
    let Ownership::Part(relations) = node.resource.ownership else { return None };
    relations.iter().find_map(|name| {
        let relation = node.resource.relation(name)?;
        let key = node.effective_one(name)?.clone();
        let list = relation.target.relations.iter().find(|list| {
            list.target == node.resource && inverse(relation.target, list).is_some_and(|back| back.name == *name)
        });
        Some((relation.target, key, list.map_or("", |list| list.name)))
    })
}
