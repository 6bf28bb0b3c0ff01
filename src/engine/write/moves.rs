//! Records that get another owner, and with them their parts: whose they were before.
//!
//! Such a record leaves the view of some callers and enters that of others, which its change row has to tell. What a part
//! belonged to is looked up before the part is moved; parts that follow their record have no change of their own, and get
//! a change row without fields.

use super::super::key::Key;
use super::super::resource::{Ident, Ownership, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::key_array;
use super::check::is_new_link;
use super::per_resource::PerResource;
use super::resolve::to_ones;
use super::{Batch, Node, change, delete, lock};
use crate::error::{Error, Errors};

/// Whose a record was: a user's, a business unit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Former {
    pub user: Option<i64>,
    pub unit: Option<i64>,
}

/// Notes whose those records are that the batch is about to move.
pub(super) fn note(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut parts = PerResource::new();
    let mut owned = Vec::new();
    for node in batch.nodes.iter().filter(|node| !node.creates) {
        let moves = |name: &str| node.one(name).is_some() && is_new_link(node, name);
        match node.resource.ownership {
            Ownership::Part(names) if names.iter().any(|name| moves(name)) => {
                parts.add(node.resource, node.key.clone());
            }
            _ => owned.extend(former_owner(node, moves).map(|former| (node.resource, node.key.clone(), former))),
        }
    }
    for (resource, key, former) in owned {
        batch.former.insert((resource.name, key), (resource, former));
    }
    for (resource, keys) in parts {
        note_stored(batch, resource, &keys)?;
    }
    Ok(())
}

/// The owner that is stored, where a link to another is given.
fn former_owner(node: &Node, moves: impl Fn(&str) -> bool) -> Option<Former> {
    let (column, is_user) = match node.resource.ownership {
        Ownership::User(column) => (column, true),
        Ownership::BusinessUnit(column) => (column, false),
        _ => return None,
    };
    let (owner, _) = to_ones(node.resource).find(|(relation, own)| *own == column && moves(relation.name))?;
    let before = match node.stored.links.get(owner.name)? {
        Some(Key::Integer(id)) => Some(*id),
        _ => None,
    };
    Some(Former { user: before.filter(|_| is_user), unit: before.filter(|_| !is_user) })
}

/// Notes whose some records are whose foreign key in that column is about to be set from the other end, if it decides.
pub(super) fn note_linked(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    column: Ident,
    keys: &[Key],
) -> Result<(), Errors> {
    let decides = match resource.ownership {
        Ownership::Part(parents) => {
            to_ones(resource).any(|(relation, own)| own == column && parents.contains(&relation.name))
        }
        ownership => ownership.columns().any(|own| own == column),
    };
    if decides { note_stored(batch, resource, keys) } else { Ok(()) }
}

/// Notes whose some records are now.
fn note_stored(batch: &mut Batch<'_>, resource: &'static Resource, keys: &[Key]) -> Result<(), Errors> {
    let mut conditions = Conditions::new(batch.context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(", ");
    change::owner(&mut sql, &mut conditions, batch.context.server.told_as(resource), 0, 0);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let place = lock::key_width(resource);
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> {
        Ok((row.key(0, resource.id.kind)?, Former { user: row.integer(place)?, unit: row.integer(place + 1)? }))
    })?;
    for (key, former) in found {
        if let Some(key) = key {
            batch.former.entry((resource.name, key)).or_insert((resource, former));
        }
    }
    Ok(())
}

/// The parts of what has moved have moved too.
pub(super) fn follow(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut moved: Vec<(&'static Resource, Key, Former)> =
        batch.former.iter().map(|((_, key), (resource, former))| (*resource, key.clone(), *former)).collect();
    while let Some((resource, key, former)) = moved.pop() {
        let lists = resource
            .relations
            .iter()
            .filter(|relation| relation.cascade && matches!(relation.target.ownership, Ownership::Part(_)));
        for list in lists {
            for part in delete::parts_of(batch, resource, list, std::slice::from_ref(&key))? {
                let place = (list.target.name, part.clone());
                let known = batch.former.contains_key(&place);
                let created = |node: &Node| node.creates && node.resource == list.target && node.key == part;
                if known || batch.nodes.iter().any(created) {
                    continue;
                }
                batch.former.insert(place, (list.target, former));
                batch.touch(list.target, part.clone(), &[]);
                moved.push((list.target, part, former));
            }
        }
    }
    Ok(())
}
