//! To-many relationships: join rows, foreign keys at the other end, and the parts that left a list. One statement for
//! each relationship and purpose, whatever the number of records that state it.

mod inverse;
mod through;

use std::collections::{HashMap, HashSet};

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ident, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::key_array;
use super::per_resource::PerResource;
use super::references::existing;
use super::resolve::to_ones;
use super::{Batch, Linkage, delete, unions};
use crate::acl::Permission;
use crate::error::{COUNT, Error, Errors};

/// A list that has to have members, seen from what is in it.
pub(super) struct RequiredList {
    parent: &'static Relation,
    column: Ident,
    list: &'static Relation,
}

/// The lists of other records that cannot be without records of this resource.
pub(super) fn required_lists(resource: &'static Resource) -> impl Iterator<Item = RequiredList> {
    to_ones(resource).filter_map(move |(parent, column)| {
        let holds = |list: &&Relation| {
            let inverse = matches!(list.link, Link::ToMany { column: own } if own == column);
            list.required > 0 && list.target == resource && inverse
        };
        let list = parent.target.relations.iter().find(holds)?;
        Some(RequiredList { parent, column, list })
    })
}

impl RequiredList {
    /// The records in whose lists some records are.
    pub(super) fn parents(&self, batch: &mut Batch<'_>, keys: &[Key]) -> Result<Vec<Key>, Error> {
        let part = self.list.target;
        let mut sql = Sql::new();
        sql.raw("SELECT DISTINCT ").column(0, self.column).raw(" FROM ").ident(part.table).raw(" AS t0 WHERE ");
        Conditions::new(batch.context.caller).tenant(&mut sql, part, 0);
        sql.raw(" AND ").column(0, part.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
        let kind = self.parent.target.id.kind;
        let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The records in whose lists some records are, by these.
    fn parents_of(&self, batch: &mut Batch<'_>, keys: &[Key]) -> Result<HashMap<Key, Key>, Error> {
        let part = self.list.target;
        let mut sql = Sql::new();
        sql.raw("SELECT ").column(0, self.column).raw(", ").key_columns(0, part);
        sql.raw(" FROM ").ident(part.table).raw(" AS t0 WHERE ");
        Conditions::new(batch.context.caller).tenant(&mut sql, part, 0);
        sql.raw(" AND ").column(0, part.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
        let kind = self.parent.target.id.kind;
        let found =
            sql.collect(batch.conn, |row| -> Result<_, Error> { Ok((row.key(1, part.id.kind)?, row.key(0, kind)?)) })?;
        Ok(found.into_iter().filter_map(|(part, parent)| Some((part?, parent?))).collect())
    }

    /// Which of the records have too few members left, and what is wrong with each.
    pub(super) fn shortages(&self, batch: &mut Batch<'_>, parents: &[Key]) -> Result<HashMap<Key, String>, Error> {
        if parents.is_empty() {
            return Ok(HashMap::new());
        }
        let owner = self.parent.target;
        let mut conditions = Conditions::new(batch.context.caller);
        let mut members = Sql::new();
        conditions.far_end(&mut members, (owner, 0), self.list, self.list.target);
        let mut sql = Sql::new();
        sql.raw("SELECT ").key_columns(0, owner).raw(" FROM ").ident(owner.table).raw(" AS t0 WHERE ");
        conditions.tenant(&mut sql, owner, 0);
        sql.raw(" AND ").column(0, owner.id.column).raw(" = ANY(").bind(key_array(parents));
        sql.raw(") AND (SELECT count(*) FROM ").append(members).raw(") < ").number(self.list.required as usize);
        let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, owner.id.kind)?) })?;
        let noun = if self.list.required == 1 { "element" } else { "elements" };
        let text = |key: &Key| {
            let (list, required) = (self.list.name, self.list.required);
            format!("the list \"{list}\" of \"{} {key}\" should contain {required} {noun} or more", owner.name)
        };
        Ok(found.into_iter().flatten().map(|key| (key.clone(), text(&key))).collect())
    }
}

/// A shortage as an error of its own: a sentence.
fn too_few(shortage: &str) -> Error {
    let mut letters = shortage.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    Error::new(&COUNT, first.into_iter().chain(letters).chain(['.']).collect::<String>())
}

/// A record that states a list.
struct Stated {
    node: usize,
    key: Key,
    creates: bool,
    linkage: Linkage,
}

/// What has left the list of a record.
struct Left {
    node: usize,
    keys: Vec<Key>,
}

/// Brings every list that a node states to what it states.
pub(super) fn store(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut orphans = PerResource::new();
    let mut shrunk: Vec<Shrunk> = Vec::new();
    for (resource, nodes) in batch.by_resource() {
        for relation in resource.relations {
            let left = match relation.link {
                Link::Through { .. } => through::store(batch, relation, stated(batch, &nodes, relation))?,
                Link::ToMany { column } => inverse::store(batch, relation, column, stated(batch, &nodes, relation))?,
                Link::ToOne { .. } => replaced_parts(batch, resource, &nodes, relation)?,
                Link::Polymorphic { .. } | Link::Union { .. } => Vec::new(),
            };
            for Left { node, keys } in left.into_iter().filter(|left| !left.keys.is_empty()) {
                shrunk.extend(shrunk_union(batch, node, relation, &keys));
                if relation.cascade {
                    keys.into_iter().for_each(|key| orphans.add(relation.target, key));
                }
            }
        }
    }
    for (resource, keys) in orphans {
        delete::remove(batch, resource, &keys)?;
    }
    refuse_empty(batch, &shrunk)
}

/// The nodes that state the list.
fn stated(batch: &Batch<'_>, nodes: &[usize], relation: &Relation) -> Vec<Stated> {
    let state = |index: &usize| {
        let node = batch.node(*index);
        let linkage = node.links.get(relation.name)?.clone();
        Some(Stated { node: *index, key: node.key.clone(), creates: node.creates, linkage })
    };
    nodes.iter().filter_map(state).collect()
}

/// A required union of some records that a list has taken links from, and the place of that list.
struct Shrunk {
    resource: &'static Resource,
    union: &'static Relation,
    keys: Vec<Key>,
    node: usize,
    relation: &'static Relation,
}

/// What has left a list that is a branch of a union here, or the other end of one.
fn shrunk_union(batch: &Batch<'_>, index: usize, relation: &'static Relation, left: &[Key]) -> Option<Shrunk> {
    let node = batch.node(index);
    let (resource, union, keys) = match (node.resource.union_of(relation), unions::beyond(relation)) {
        (Some(union), _) => (node.resource, union, vec![node.key.clone()]),
        (None, Some(union)) => (relation.target, union, left.to_vec()),
        (None, None) => return None,
    };
    let many = matches!(union.link, Link::Union { many: true, .. });
    (many && union.required > 0).then_some(Shrunk { resource, union, keys, node: index, relation })
}

/// A record may not be left without any of the links that it needs one of.
fn refuse_empty(batch: &mut Batch<'_>, shrunk: &[Shrunk]) -> Result<(), Errors> {
    let mut unions: Vec<(&'static Resource, &'static Relation)> = Vec::new();
    for one in shrunk {
        if !unions.contains(&(one.resource, one.union)) {
            unions.push((one.resource, one.union));
        }
    }
    let mut errors = Vec::new();
    for (resource, union) in unions {
        let of_union = || shrunk.iter().filter(|one| one.resource == resource && one.union == union);
        let keys: Vec<Key> = of_union().flat_map(|one| &one.keys).cloned().collect();
        let empty = unions::empty(batch, resource, union, &keys)?;
        for one in of_union().filter(|one| one.keys.iter().any(|key| empty.contains(key))) {
            let list = format!("the list \"{}\" of \"{}\" should contain 1 element or more", union.name, resource.name);
            errors.push(batch.node(one.node).at_relation(one.relation.wire_name(), too_few(&list)));
        }
    }
    Errors::check(errors)
}

/// The parts that records have let go of. One that another link of such records still points at is nobody's orphan: an
/// address may be both for the bill and for the parcel.
fn replaced_parts(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    nodes: &[usize],
    relation: &'static Relation,
) -> Result<Vec<Left>, Errors> {
    let replaced = |index: &usize| {
        let node = batch.node(*index);
        let replaced = relation.cascade && !node.creates && node.changed.contains(relation.name);
        let before = node.stored.links.get(relation.name).and_then(Option::as_ref).filter(|_| replaced)?;
        Some(Left { node: *index, keys: vec![before.clone()] })
    };
    let mut left: Vec<Left> = nodes.iter().filter_map(replaced).collect();
    let keys: Vec<Key> = left.iter().flat_map(|left| left.keys.iter().cloned()).collect();
    let held = held_parts(batch, resource, relation.target, &keys)?;
    for left in &mut left {
        left.keys.retain(|key| !held.contains(key));
    }
    Ok(left)
}

/// Which of the parts a record of the resource still holds.
fn held_parts(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    part: &'static Resource,
    keys: &[Key],
) -> Result<HashSet<Key>, Errors> {
    let mut held = HashSet::new();
    for relation in resource.relations.iter().filter(|relation| relation.cascade && relation.target == part) {
        let Link::ToOne { column, .. } = relation.link else { continue };
        if keys.is_empty() {
            break;
        }
        let mut sql = Sql::new();
        sql.raw("SELECT ").column(0, column).raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
        Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
        sql.raw(" AND ").column(0, column).raw(" = ANY(").bind(key_array(keys)).raw(")");
        let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, part.id.kind)?) })?;
        held.extend(found.into_iter().flatten());
    }
    Ok(held)
}

/// Which of the stored ids go and which given ones come.
struct Difference {
    gone: Vec<Key>,
    new: Vec<Key>,
}

fn difference(linkage: &Linkage, stored: &[Key]) -> Difference {
    let targets = linkage.targets();
    let given: HashSet<&Key> = targets.iter().map(|target| &target.key).collect();
    let held: HashSet<&Key> = stored.iter().collect();
    let gone = |goes: bool| stored.iter().filter(|key| given.contains(key) == goes).cloned().collect();
    let new = || targets.iter().map(|target| &target.key).filter(|key| !held.contains(key)).cloned().collect();
    match linkage {
        Linkage::Remove(_) => Difference { gone: gone(true), new: Vec::new() },
        Linkage::Add(_) => Difference { gone: Vec::new(), new: new() },
        Linkage::Many(_) | Linkage::One(_) => Difference { gone: gone(false), new: new() },
    }
}

/// A list may not fall below what the relationship requires. `count`: how many it will hold.
fn check_count(batch: &Batch<'_>, stated: &Stated, relation: &Relation, count: usize) -> Option<Error> {
    let required = relation.required as usize;
    if stated.creates || count >= required {
        return None;
    }
    let noun = if required == 1 { "element" } else { "elements" };
    let error = Error::new(&COUNT, format!("This collection should contain {required} {noun} or more."));
    Some(batch.node(stated.node).at_relation(relation.name, error))
}

/// To take a record out of a list is to change it. `gone`: what is taken out, by node.
fn check_editable(batch: &mut Batch<'_>, relation: &Relation, gone: &[(usize, &[Key])]) -> Result<Vec<Error>, Error> {
    let keys: Vec<Key> = gone.iter().flat_map(|(_, keys)| keys.iter()).cloned().collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let allowed = existing(batch.conn, batch.context, relation.target, Permission::Edit, &keys)?;
    let refused = gone.iter().filter(|(_, keys)| keys.iter().any(|key| allowed.get(key) == Some(&false)));
    let error = || Error::no_access_by(Permission::Edit.name());
    Ok(refused.map(|(node, _)| batch.node(*node).at_relation(relation.name, error())).collect())
}

/// The relationship of a resource that is stored in a column.
pub(super) fn relation_of_column(resource: &'static Resource, column: &str) -> Option<&'static Relation> {
    to_ones(resource).find(|(_, own)| own.as_str() == column).map(|(relation, _)| relation)
}
