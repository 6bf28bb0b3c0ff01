//! A checked batch → rows. Inserts in the order of the foreign keys, several rows a statement; then updates and late
//! links; then the lists. UPDATE carries the organization and the caller's scope in its WHERE.

use std::collections::BTreeMap;

use super::super::kind::Kind;
use super::super::relation::{Link, Relation};
use super::super::resource::{IdKind, Ident, Ownership, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::{Value, key_array};
use super::check::{is_new_link, parent_node};
use super::per_resource::PerResource;
use super::resolve::{inverse, to_ones};
use super::{Batch, Node, failure, lists};
use crate::acl::{self, Permission};
use crate::engine::key::Key;
use crate::engine::predicate::Predicate;
use crate::error::{Error, Errors};

/// Writes every node.
pub(super) fn store(batch: &mut Batch<'_>) -> Result<(), Errors> {
    complete_composite_keys(batch);
    let levels = levels(batch);
    insert_all(batch, &levels)?;
    for index in 0..batch.nodes.len() {
        update(batch, index, &levels)?;
    }
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

/// The INSERT in which each new node goes: after every new node it has a foreign key to.
struct Levels {
    of: Vec<usize>,
    /// Links that wait for a second UPDATE because they close a cycle.
    deferred: Vec<(usize, &'static str)>,
}

fn levels(batch: &Batch<'_>) -> Levels {
    let mut edges: Vec<(usize, usize, &'static Relation)> = Vec::new();
    let mut deferred = Vec::new();
    for (index, node) in batch.nodes.iter().enumerate().filter(|(_, node)| node.creates) {
        for (relation, _) in to_ones(node.resource) {
            let Some(Some(target)) = node.one(relation.name) else { continue };
            let Some(to) = target.node.filter(|to| batch.node(*to).creates) else { continue };
            if relation.late || to == index {
                deferred.push((index, relation.name));
            } else {
                edges.push((index, to, relation));
            }
        }
    }
    let mut of = vec![0; batch.nodes.len()];
    loop {
        let mut changed = false;
        for (from, to, _) in &edges {
            if of[*from] <= of[*to] {
                of[*from] = of[*to] + 1;
                changed = true;
            }
        }
        if !changed {
            return Levels { of, deferred };
        }
        // Deeper than there are nodes: a cycle. One of its links that may be null waits for the second UPDATE.
        if of.iter().any(|level| *level > batch.nodes.len()) {
            let Some(place) =
                edges.iter().position(|(from, _, relation)| of[*from] > batch.nodes.len() / 2 && relation.nullable)
            else {
                return Levels { of, deferred };
            };
            let (from, _, relation) = edges.swap_remove(place);
            deferred.push((from, relation.name));
            of.fill(0);
        }
    }
}

type Columns = Vec<(Ident, Value)>;

/// What the rows of one INSERT have in common: level, resource and columns.
type Shape = (usize, &'static str, Vec<Ident>);

fn insert_all(batch: &mut Batch<'_>, levels: &Levels) -> Result<(), Errors> {
    let mut groups: BTreeMap<Shape, Vec<(usize, Columns)>> = BTreeMap::new();
    for index in 0..batch.nodes.len() {
        if batch.node(index).creates {
            let columns = columns(batch, index, levels)?;
            let names = columns.iter().map(|(name, _)| *name).collect();
            let resource = batch.node(index).resource;
            groups.entry((levels.of[index], resource.name, names)).or_default().push((index, columns));
        }
    }
    for ((_, _, names), rows) in groups {
        let nodes: Vec<usize> = rows.iter().map(|(index, _)| *index).collect();
        let mut sql = Sql::new();
        sql.bounded();
        sql.raw("INSERT INTO ").ident(batch.node(nodes[0]).resource.table).raw(" (");
        for (place, name) in names.iter().enumerate() {
            sql.raw(if place > 0 { ", " } else { "" }).ident(*name);
        }
        sql.raw(") VALUES ");
        for (row, (_, columns)) in rows.into_iter().enumerate() {
            sql.raw(if row > 0 { ", (" } else { "(" });
            for (place, (_, value)) in columns.into_iter().enumerate() {
                sql.raw(if place > 0 { ", " } else { "" }).bind(value);
            }
            sql.raw(")");
        }
        sql.execute(batch.conn).map_err(|error| failure::explain(batch, &nodes, error))?;
    }
    Ok(())
}

/// The columns of a new row, in the order of the descriptor, with the names of the members it sets as changed.
fn columns(batch: &mut Batch<'_>, index: usize, levels: &Levels) -> Result<Columns, Errors> {
    let organization = batch.organization();
    let node = batch.node_mut(index);
    let mut columns: Columns = Vec::new();
    if let Some(tenant) = node.resource.tenant {
        columns.push((tenant, Value::Integer(organization)));
    }
    if Some(node.resource.id.column) != node.resource.tenant {
        columns.push((node.resource.id.column, Value::from(&node.key)));
    }
    for field in node.resource.fields {
        if let Some(value) = node.values.get(field.name) {
            guard_password(field.kind, value)?;
            columns.push((field.column, value.clone()));
            node.changed.insert(field.name);
        }
    }
    for relation in node.resource.relations {
        if levels.deferred.contains(&(index, relation.name)) {
            continue;
        }
        for (column, value) in link_columns(node, relation) {
            if Some(column) != node.resource.tenant {
                columns.push((column, value));
            }
            node.changed.insert(relation.name);
        }
    }
    columns.dedup_by_key(|(name, _)| *name);
    Ok(columns)
}

/// What a link stored in the own table sets.
fn link_columns(node: &Node, relation: &Relation) -> Columns {
    let Some(target) = node.one(relation.name) else { return Vec::new() };
    match relation.link {
        Link::ToOne { column, .. } => {
            vec![(column, target.map_or(Value::Null, |target| Value::from(&target.key)))]
        }
        Link::Polymorphic { type_column, id_column, .. } => vec![
            (type_column, target.map_or(Value::Null, |target| Value::Text(target.resource.name.to_owned()))),
            (id_column, target.map_or(Value::Null, |target| Value::from(&target.key))),
        ],
        Link::ToMany { .. } | Link::Through { .. } | Link::Union { .. } => Vec::new(),
    }
}

/// A resource with a password needs a rule that hashes it; clear text never reaches a column.
fn guard_password(kind: Kind, value: &Value) -> Result<(), Error> {
    match value.as_text() {
        Some(text) if kind == Kind::Password && !text.starts_with("$argon2") => {
            Err(Error::internal("a password arrived at its column without having been hashed"))
        }
        _ => Ok(()),
    }
}

/// Writes what differs from the stored row, and the links that had to wait.
fn update(batch: &mut Batch<'_>, index: usize, levels: &Levels) -> Result<(), Errors> {
    let now = batch.context.now;
    let node = batch.node_mut(index);
    let mut changes: Columns = Vec::new();
    for field in node.resource.fields.iter().filter(|_| !node.creates) {
        let Some(value) = node.values.get(field.name) else { continue };
        if node.stored.values.get(field.name) != Some(value) {
            guard_password(field.kind, value)?;
            changes.push((field.column, value.clone()));
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
            changes.extend(link_columns(node, relation));
            node.changed.insert(relation.name);
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    if !node.creates {
        changes.extend(stamp(node.resource, &node.values, now));
    }
    update_row(batch, index, changes)
}

/// The column that tells when the record changed last, unless the request sets it.
fn stamp(
    resource: &Resource,
    given: &BTreeMap<&'static str, Value>,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<(Ident, Value)> {
    let field = resource.field("updatedAt").filter(|field| field.kind == Kind::DateTime)?;
    (!given.contains_key(field.name)).then_some((field.column, Value::DateTime(now)))
}

fn update_row(batch: &mut Batch<'_>, index: usize, changes: Columns) -> Result<(), Errors> {
    let node = batch.node(index);
    let (resource, key, creates) = (node.resource, node.key.clone(), node.creates);
    let mut sql = Sql::new();
    sql.bounded();
    sql.raw("UPDATE ").ident(resource.table).raw(" AS t0 SET ");
    for (place, (name, value)) in changes.into_iter().enumerate() {
        sql.raw(if place > 0 { ", " } else { "" }).ident(name).raw(" = ").bind(value);
    }
    sql.raw(" WHERE ");
    let mut conditions = Conditions::new(batch.context.caller);
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ").bind(Value::from(&key));
    let is_own_part = parent_node(batch, node).is_some_and(|parent| batch.node(parent).creates);
    if !creates && !is_own_part {
        let scope = acl::scope(resource, Permission::Edit, batch.context.caller).unwrap_or(Predicate::False);
        conditions.and(&mut sql, resource, 0, &scope);
    }
    match sql.execute(batch.conn) {
        Ok(0) => Err(Error::no_access_by(Permission::Edit.name()).into()),
        Ok(_) => Ok(()),
        Err(error) => Err(failure::explain(batch, &[index], error)),
    }
}

/// A changed list or part is a change of the record it belongs to: its time stamp moves, so that whoever polls by
/// `updatedAt` sees it.
pub(super) fn stamp_parents(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut stale: Vec<(&'static Resource, Key, &'static str)> = Vec::new();
    for node in batch.nodes.iter().filter(|node| node.creates || !node.changed.is_empty()) {
        if let Some((parent, key, name)) = parent_of(node) {
            stale.push((parent, key, name));
        }
    }
    for (resource, key, name) in stale {
        let node = batch.nodes.iter().find(|node| node.resource == resource && node.key == key);
        if !node.is_some_and(|node| node.creates) {
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
        let Some((column, _)) = stamp(resource, &BTreeMap::new(), now) else { continue };
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
