//! Lists in a foreign key column at the other end.

use std::collections::{HashMap, HashSet};

use super::{Difference, Left, Stated, check_count, check_editable, difference, required_lists, too_few};
use crate::engine::column::Column;
use crate::engine::key::Key;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::key_array;
use crate::engine::write::{Batch, failure, moves, resolve};
use crate::error::{Error, Errors};

/// A list, and how it is to change.
struct Change {
    stated: Stated,
    gone: Vec<Key>,
    /// Records that were there before and come into the list.
    new: Vec<Key>,
    /// Whether records of the request come into it that are created.
    arrived: bool,
}

/// Brings the lists to what is stated of them, and tells what has left them.
pub(super) fn store(
    batch: &mut Batch<'_>,
    relation: &'static Relation,
    column: Ident,
    stated: Vec<Stated>,
) -> Result<Vec<Left>, Errors> {
    let Some(first) = stated.first() else { return Ok(Vec::new()) };
    let inverse = resolve::inverse(batch.node(first.node).resource, relation);
    let known: Vec<Key> = stated.iter().filter(|one| !one.creates).map(|one| one.key.clone()).collect();
    let owner = batch.node(first.node).resource;
    let linked = linked(batch, owner, relation, column, &known)?;
    let mut errors = Vec::new();
    let mut changes = Vec::with_capacity(stated.len());
    for stated in stated {
        let stored = linked.get(&stated.key).map_or(&[][..], Vec::as_slice);
        let (change, count) = change(batch, stated, stored);
        errors.extend(check_count(batch, &change.stated, relation, count));
        changes.push(change);
    }
    Errors::check(errors)?;
    take_in(batch, relation, column, &changes, inverse)?;
    if !relation.cascade {
        let_go(batch, relation, column, &changes, inverse)?;
    }
    let mut left = Vec::with_capacity(changes.len());
    for Change { stated, gone, new, arrived } in changes {
        if let Some(inverse) = inverse {
            let gone = gone.iter().filter(|_| !relation.cascade);
            for key in new.iter().chain(gone) {
                batch.touch(relation.target, key.clone(), &[inverse.name]);
            }
        }
        if !gone.is_empty() || !new.is_empty() || arrived {
            batch.node_mut(stated.node).changed.insert(relation.name);
        }
        left.push(Left { node: stated.node, keys: gone });
    }
    Ok(left)
}

/// How a list is to change from what is stored, and how many it will hold.
fn change(batch: &Batch<'_>, stated: Stated, stored: &[Key]) -> (Change, usize) {
    let targets = stated.linkage.targets();
    let written: HashSet<&Key> =
        targets.iter().filter(|target| target.node.is_some()).map(|target| &target.key).collect();
    // Records of this request have their foreign key from their own INSERT or UPDATE, so they are among the stored.
    let before = stored.iter().filter(|key| !written.contains(key)).count();
    let Difference { gone, new } = difference(&stated.linkage, stored);
    let new: Vec<Key> = new.into_iter().filter(|key| !written.contains(key)).collect();
    let arrived = targets.iter().any(|target| target.node.is_some_and(|node| batch.node(node).creates));
    let count = before.max(stored.len()) - gone.len() + new.len();
    (Change { stated, gone, new, arrived }, count)
}

/// Points the foreign keys of what comes into lists at their records.
fn take_in(
    batch: &mut Batch<'_>,
    relation: &'static Relation,
    column: Ident,
    changes: &[Change],
    inverse: Option<&'static Relation>,
) -> Result<(), Errors> {
    let pairs: Vec<(&Key, &Key)> =
        changes.iter().flat_map(|change| change.new.iter().map(|key| (key, &change.stated.key))).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = pairs.iter().map(|(key, _)| (*key).clone()).collect();
    let target = relation.target;
    let required = required_lists(target).find(|list| list.column == column);
    moves::note_linked(batch, target, column, &keys)?;
    let former = required.as_ref().map(|list| list.parents_of(batch, &keys)).transpose()?.unwrap_or_default();
    let mut sql = Sql::new();
    sql.raw("UPDATE ").ident(target.table).raw(" AS t0 SET ").ident(column).raw(" = v.parent");
    for other in siblings(inverse, target) {
        sql.raw(", ").ident(other).raw(" = NULL");
    }
    let parents = Column::of_keys(pairs.iter().map(|(_, parent)| *parent))?;
    sql.raw(" FROM ").rows([Column::of_keys(&keys)?, parents]).raw(" AS v (key, parent) WHERE ");
    Conditions::new(batch.context.caller).tenant(&mut sql, target, 0);
    sql.raw(" AND ").column(0, target.id.column).raw(" = v.key");
    let concerned = changes.iter().filter(|change| !change.new.is_empty());
    let nodes: Vec<usize> = concerned.clone().map(|change| change.stated.node).collect();
    sql.execute(batch.conn).map_err(|error| failure::explain(batch, &nodes, error))?;
    let Some(required) = required else { return Ok(()) };
    let parents: Vec<Key> = former.values().cloned().collect::<HashSet<Key>>().into_iter().collect();
    let shortages = required.shortages(batch, &parents)?;
    let errors = concerned.filter_map(|change| {
        let shortage = change.new.iter().find_map(|key| shortages.get(former.get(key)?))?;
        Some(batch.node(change.stated.node).at_relation(relation.name, too_few(shortage)))
    });
    Errors::check(errors.collect())
}

/// Clears the foreign keys of what leaves lists.
fn let_go(
    batch: &mut Batch<'_>,
    relation: &'static Relation,
    column: Ident,
    changes: &[Change],
    inverse: Option<&'static Relation>,
) -> Result<(), Errors> {
    let leaving: Vec<(usize, &[Key])> = changes
        .iter()
        .filter(|change| !change.gone.is_empty())
        .map(|change| (change.stated.node, change.gone.as_slice()))
        .collect();
    if leaving.is_empty() {
        return Ok(());
    }
    if inverse.is_some_and(|inverse| is_needed(relation.target, inverse)) {
        let detail = "These entities cannot be taken out of the list, since they cannot be without it. Delete them, or link them elsewhere.";
        let refused = |(node, _): &(usize, &[Key])| batch.node(*node).at_relation(relation.name, Error::form(detail));
        return Errors::check(leaving.iter().map(refused).collect());
    }
    Errors::check(check_editable(batch, relation, &leaving)?)?;
    let keys: Vec<Key> = leaving.iter().flat_map(|(_, keys)| keys.iter()).cloned().collect();
    moves::note_linked(batch, relation.target, column, &keys)?;
    let mut sql = Sql::new();
    sql.raw("UPDATE ").ident(relation.target.table).raw(" AS t0 SET ").ident(column).raw(" = NULL WHERE ");
    Conditions::new(batch.context.caller).tenant(&mut sql, relation.target, 0);
    sql.raw(" AND ").column(0, relation.target.id.column).raw(" = ANY(").bind(key_array(&keys)).raw(")");
    sql.execute(batch.conn)?;
    Ok(())
}

/// Whether a record cannot be without the link, be it as one of the branches of a union.
fn is_needed(resource: &'static Resource, inverse: &Relation) -> bool {
    !inverse.nullable || resource.union_of(inverse).is_some_and(|union| union.required > 0)
}

/// The columns of the other branches of the union that a to-one belongs to: it is set instead of them.
fn siblings(inverse: Option<&Relation>, resource: &'static Resource) -> Vec<Ident> {
    let Some(union) = inverse.and_then(|inverse| resource.union_of(inverse)) else { return Vec::new() };
    let others = resource.branches(union).filter(|branch| Some(*branch) != inverse);
    let column = |branch: &Relation| match branch.link {
        Link::ToOne { column, .. } => Some(column),
        _ => None,
    };
    others.filter_map(column).collect()
}

/// The records whose foreign key points at each of some records, as far as the caller may view them: what is hidden from a
/// caller who states the list stays in it.
fn linked(
    batch: &mut Batch<'_>,
    owner: &'static Resource,
    relation: &Relation,
    column: Ident,
    owners: &[Key],
) -> Result<HashMap<Key, Vec<Key>>, Error> {
    let mut linked: HashMap<Key, Vec<Key>> = HashMap::new();
    if owners.is_empty() {
        return Ok(linked);
    }
    let resource = relation.target;
    let mut conditions = Conditions::new(batch.context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").column(0, column).raw(", ").key_columns(0, resource);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    if relation.cascade {
        conditions.tenant(&mut sql, resource, 0);
    } else {
        conditions.viewable(&mut sql, resource, 0);
    }
    sql.raw(" AND ").column(0, column).raw(" = ANY(").bind(key_array(owners)).raw(")");
    sql.for_each(batch.conn, |row| -> Result<(), Error> {
        if let (Some(owner), Some(key)) = (row.key(0, owner.id.kind)?, row.key(1, resource.id.kind)?) {
            linked.entry(owner).or_default().push(key);
        }
        Ok(())
    })?;
    Ok(linked)
}
