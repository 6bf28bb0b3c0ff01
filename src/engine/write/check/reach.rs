//! Whose a record may become: the right to give it away, and whether it stays within the caller's reach.

use std::collections::BTreeSet;

use super::{is_new_link, parent_nodes};
use crate::acl::{self, Permission};
use crate::engine::key::Key;
use crate::engine::relation::Relation;
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;
use crate::engine::write::lock::push_allowed;
use crate::engine::write::references::existing;
use crate::engine::write::resolve::to_ones;
use crate::engine::write::rows::{Cell, columns, storage_of};
use crate::engine::write::{Batch, Node};
use crate::error::{ACCESS_DENIED, Error, Errors, OWNER};

/// The relationships that name a record's owner.
fn owner_relations(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    let of = move |column| to_ones(resource).find(|(_, own)| *own == column);
    resource.ownership.columns().filter_map(of).map(|(relation, _)| relation)
}

/// What is wrong with the owners of nodes: a changed owner takes the ASSIGN permission. Whether the new owner is within
/// reach is seen after writing.
pub(in crate::engine::write) fn owners(batch: &mut Batch<'_>) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    let owners = batch.by_resource().into_iter().flat_map(|(resource, nodes)| {
        owner_relations(resource).map(move |relation| (resource, relation, nodes.clone()))
    });
    for (resource, relation, nodes) in owners {
        let reassigned: Vec<usize> = nodes
            .into_iter()
            .filter(|index| {
                let node = batch.node(*index);
                !node.creates && node.one(relation.name).is_some() && is_new_link(node, relation.name)
            })
            .collect();
        if reassigned.is_empty() {
            continue;
        }
        let keys: Vec<Key> = reassigned.iter().map(|index| batch.node(*index).key.clone()).collect();
        let allowed = existing(batch.conn, batch.context, resource, Permission::Assign, &keys)?;
        for index in reassigned {
            let node = batch.node(index);
            if allowed.get(&node.key) != Some(&true) {
                errors.push(node.at_relation(relation.name, owner_error()));
            }
        }
    }
    Ok(errors)
}

fn owner_error() -> Error {
    Error::new(&OWNER, "You have no access to set this value as owner.")
}

/// What a chunk would create, or give to somebody else, beyond the caller's reach. It is looked for before anything is
/// written, where a column says whose a record is, so that one such record is no reason to write the others again.
/// [`check_written`] looks at what is stored in the end.
pub(in crate::engine::write) fn reach(batch: &mut Batch<'_>) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    if !batch.is_chunk() {
        return Ok(errors);
    }
    for (resource, nodes) in batch.by_resource() {
        if resource.ownership.columns().next().is_none() || !resource.only.is_empty() {
            continue;
        }
        let mut refused = BTreeSet::new();
        for permission in [Permission::Create, Permission::Edit, Permission::Assign] {
            if !acl::is_limited(resource, permission, batch.context.caller) {
                continue;
            }
            let concerned = |index: &usize| {
                let node = batch.node(*index);
                let given = |relation: &Relation| node.one(relation.name).is_some() && is_new_link(node, relation.name);
                let moved = || !node.creates && owner_relations(resource).any(given);
                let is_concerned = if permission == Permission::Create { node.creates } else { moved() };
                is_concerned && node.sent.is_some()
            };
            let concerned: Vec<usize> = nodes.iter().copied().filter(concerned).collect();
            refused.extend(unreached(batch, resource, permission, &concerned)?);
        }
        errors.extend(refused.into_iter().map(|index| beyond_reach(batch.node(index), Permission::Assign)));
    }
    Ok(errors)
}

/// Those of the nodes for which the caller would not hold the permission if they were stored.
fn unreached(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    permission: Permission,
    nodes: &[usize],
) -> Result<Vec<usize>, Error> {
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let links: Vec<_> = to_ones(resource).filter(|(_, column)| Some(*column) != resource.tenant).collect();
    let row = |index: &usize| {
        let node = batch.node(*index);
        let id = Cell::new(resource.id.column, storage_of(resource.id.kind), Value::from(&node.key));
        let link = |(relation, column): &(&'static Relation, Ident)| {
            let key = node.effective_one(relation.name).map_or(Value::Null, Value::from);
            Cell::new(*column, storage_of(relation.target.id.kind), key)
        };
        std::iter::once(id).chain(links.iter().map(link)).collect()
    };
    let rows: Vec<Vec<Cell>> = nodes.iter().map(row).collect();
    let names: Vec<Ident> = rows.iter().take(1).flatten().map(|cell| cell.column).collect();
    let mut sql = Sql::new();
    sql.raw("SELECT t0.place FROM (SELECT ");
    if let Some(tenant) = resource.tenant {
        sql.bind(Value::Integer(batch.organization())).raw(" AS ").ident(tenant).raw(", ");
    }
    sql.raw("v.* FROM ").rows(columns(rows)?).raw(" WITH ORDINALITY AS v (");
    for name in names {
        sql.ident(name).raw(", ");
    }
    sql.raw("place)) AS t0 WHERE (");
    push_allowed(&mut sql, &mut Conditions::new(batch.context.caller), resource, permission);
    sql.raw(") IS NOT TRUE");
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    let places = found.into_iter().flatten().filter_map(|place| usize::try_from(place).ok()?.checked_sub(1));
    Ok(places.filter_map(|place| nodes.get(place).copied()).collect())
}

/// The error of a record that the caller may not have where it is put.
fn beyond_reach(node: &Node, permission: Permission) -> Error {
    match owner_relations(node.resource).next() {
        Some(relation) => node.at_relation(relation.name, owner_error()),
        None => {
            let detail = format!("No access by \"{}\" permission to the entity.", permission.name());
            Error::new(&ACCESS_DENIED, detail).at(&node.pointer)
        }
    }
}

/// After writing: what was created or changed has to lie within the caller's reach.
pub(in crate::engine::write) fn check_written(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut errors = Vec::new();
    let parents = parent_nodes(batch);
    for (resource, nodes) in batch.by_resource() {
        for permission in [Permission::Create, Permission::Edit, Permission::Assign] {
            if !acl::is_limited(resource, permission, batch.context.caller) {
                continue;
            }
            let concerned: Vec<usize> = nodes
                .iter()
                .copied()
                .filter(|index| {
                    let node = batch.node(*index);
                    let parent_is_new = parents[*index].is_some_and(|parent| batch.node(parent).creates);
                    let written = match permission {
                        Permission::Create => node.creates,
                        Permission::Assign => !node.creates && has_new_owner(node),
                        _ => !node.creates,
                    };
                    written && !parent_is_new && node.sent.is_some()
                })
                .collect();
            if concerned.is_empty() {
                continue;
            }
            let keys: Vec<Key> = concerned.iter().map(|index| batch.node(*index).key.clone()).collect();
            let allowed = existing(batch.conn, batch.context, resource, permission, &keys)?;
            for index in concerned {
                let node = batch.node(index);
                if allowed.get(&node.key) == Some(&true) {
                    continue;
                }
                errors.push(beyond_reach(node, permission));
            }
        }
    }
    Errors::check(errors)
}

/// Whether an update has given the record to someone else.
fn has_new_owner(node: &Node) -> bool {
    owner_relations(node.resource).any(|relation| node.changed.contains(relation.name))
}
