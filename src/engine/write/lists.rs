//! To-many relationships: join rows, foreign keys at the other end, and the parts that left a list.

use std::collections::HashSet;

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ident, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::{Conditions, JOIN_TENANT};
use super::super::value::{Value, key_array};
use super::references::existing;
use super::resolve::{inverse, to_ones};
use super::{Batch, Linkage, delete, failure, lock, unions};
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

    /// What is wrong when one of the records has too few members left.
    pub(super) fn shortage(&self, batch: &mut Batch<'_>, parents: &[Key]) -> Result<Option<String>, Error> {
        if parents.is_empty() {
            return Ok(None);
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
        sql.raw(" LIMIT 1");
        let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, owner.id.kind)?) })?;
        let noun = if self.list.required == 1 { "element" } else { "elements" };
        Ok(found.into_iter().flatten().next().map(|key| {
            let (list, required) = (self.list.name, self.list.required);
            format!("the list \"{list}\" of \"{} {key}\" should contain {required} {noun} or more", owner.name)
        }))
    }
}

/// A shortage as an error of its own: a sentence.
fn too_few(shortage: &str) -> Error {
    let mut letters = shortage.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    Error::new(&COUNT, first.into_iter().chain(letters).chain(['.']).collect::<String>())
}

/// Brings every list that a node states to what it states.
pub(super) fn store(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut orphans: Vec<(&'static Resource, Vec<Key>)> = Vec::new();
    let mut shrunk: Vec<Shrunk> = Vec::new();
    for index in 0..batch.nodes.len() {
        let resource = batch.node(index).resource;
        for relation in resource.relations {
            let left = match relation.link {
                Link::Through { .. } => through(batch, index, relation)?,
                Link::ToMany { column } => inverse_column(batch, index, relation, column)?,
                Link::ToOne { .. } => replaced_part(batch, index, relation),
                Link::Polymorphic { .. } | Link::Union { .. } => Vec::new(),
            };
            if !left.is_empty() {
                shrunk.extend(shrunk_union(batch, index, relation, &left));
            }
            if relation.cascade && !left.is_empty() {
                orphans.push((relation.target, left));
            }
        }
    }
    for (resource, keys) in orphans {
        delete::remove(batch, resource, &keys)?;
    }
    for Shrunk { resource, union, keys, index, relation } in shrunk {
        if unions::empty(batch, resource, union, &keys)? {
            let list = format!("the list \"{}\" of \"{}\" should contain 1 element or more", union.name, resource.name);
            return Err(batch.node(index).at_relation(relation.wire_name(), too_few(&list)).into());
        }
    }
    Ok(())
}

/// A required union of some records that a list has taken links from, and the place of that list.
struct Shrunk {
    resource: &'static Resource,
    union: &'static Relation,
    keys: Vec<Key>,
    index: usize,
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
    (many && union.required > 0).then_some(Shrunk { resource, union, keys, index, relation })
}

/// The part that a to-one pointed at before.
fn replaced_part(batch: &Batch<'_>, index: usize, relation: &'static Relation) -> Vec<Key> {
    let node = batch.node(index);
    let replaced = relation.cascade && !node.creates && node.changed.contains(relation.name);
    let before = node.stored.links.get(relation.name).and_then(Option::as_ref);
    before.filter(|_| replaced).cloned().into_iter().collect()
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

fn through(batch: &mut Batch<'_>, index: usize, relation: &'static Relation) -> Result<Vec<Key>, Errors> {
    let Link::Through { table, own, target, slot } = relation.link else { return Ok(Vec::new()) };
    let node = batch.node(index);
    let Some(linkage) = node.links.get(relation.name).cloned() else { return Ok(Vec::new()) };
    let (resource, key) = (node.resource, node.key.clone());
    let tenant = resource.tenant.is_some() || relation.target.tenant.is_some();
    let organization = Value::Integer(batch.organization());
    let where_own = |sql: &mut Sql| {
        sql.raw(" WHERE ").ident(own).raw(" = ").bind(Value::from(&key));
        if tenant {
            sql.raw(" AND ").ident(JOIN_TENANT).raw(" = ").bind(organization.clone());
        }
        if let Some((column, word)) = slot {
            sql.raw(" AND ").ident(column).raw(" = ").bind(Value::Text(word.to_owned()));
        }
    };
    let stored: Vec<Key> = if node.creates {
        Vec::new()
    } else {
        let mut sql = Sql::new();
        sql.raw("SELECT ").ident(target).raw(" FROM ").ident(table);
        where_own(&mut sql);
        let kind = relation.target.id.kind;
        let rows = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
        rows.into_iter().flatten().collect()
    };
    let Difference { mut gone, new } = difference(&linkage, &stored);
    if !gone.is_empty() && unions::beyond(relation).is_some() {
        // The links are those of the records at the other end, which change. What is hidden from the caller stays.
        let seen = existing(batch.conn, batch.context, relation.target, Permission::View, &gone)?;
        gone.retain(|key| seen.contains(&(key.clone(), true)));
        check_editable(batch, index, relation, &gone)?;
        lock::lock(batch.conn, batch.context, relation.target, Permission::Edit, &gone)?;
    }
    check_count(batch, index, relation, stored.len() - gone.len() + new.len())?;
    if !gone.is_empty() {
        let mut sql = Sql::new();
        sql.raw("DELETE FROM ").ident(table);
        where_own(&mut sql);
        sql.raw(" AND ").ident(target).raw(" = ANY(").bind(key_array(&gone)).raw(")");
        sql.execute(batch.conn)?;
    }
    if !new.is_empty() {
        let mut sql = Sql::new();
        sql.raw("INSERT INTO ").ident(table).raw(" (").ident(own).raw(", ").ident(target);
        if tenant {
            sql.raw(", ").ident(JOIN_TENANT);
        }
        if let Some((column, _)) = slot {
            sql.raw(", ").ident(column);
        }
        sql.raw(") SELECT ").bind(Value::from(&key)).raw(", unnest(").bind(key_array(&new)).raw(")");
        if tenant {
            sql.raw(", ").bind(organization.clone());
        }
        if let Some((_, word)) = slot {
            sql.raw(", ").bind(Value::Text(word.to_owned()));
        }
        sql.raw(" ON CONFLICT DO NOTHING");
        sql.execute(batch.conn).map_err(|error| failure::explain_link(batch, index, relation, error))?;
    }
    if !gone.is_empty() || !new.is_empty() {
        batch.node_mut(index).changed.insert(relation.name);
    }
    Ok(gone)
}

fn inverse_column(
    batch: &mut Batch<'_>,
    index: usize,
    relation: &'static Relation,
    column: Ident,
) -> Result<Vec<Key>, Errors> {
    let node = batch.node(index);
    let Some(linkage) = node.links.get(relation.name).cloned() else { return Ok(Vec::new()) };
    let (key, creates) = (node.key.clone(), node.creates);
    let stored = if creates { Vec::new() } else { linked(batch, relation, column, &key)? };
    // Records of this request have their foreign key from their own INSERT or UPDATE, so they are among the stored.
    let before: Vec<Key> = stored
        .iter()
        .filter(|stored| !linkage.targets().iter().any(|target| target.node.is_some() && target.key == **stored))
        .cloned()
        .collect();
    let Difference { gone, new } = difference(&linkage, &stored);
    let new: Vec<Key> = new
        .into_iter()
        .filter(|key| linkage.targets().iter().any(|target| target.node.is_none() && target.key == *key))
        .collect();
    let arrived = linkage.targets().iter().any(|target| target.node.is_some_and(|node| batch.node(node).creates));
    check_count(batch, index, relation, before.len().max(stored.len()) - gone.len() + new.len())?;
    let inverse = inverse(batch.node(index).resource, relation);
    if !new.is_empty() {
        let required = required_lists(relation.target).find(|list| list.column == column);
        let former = required.as_ref().map(|list| list.parents(batch, &new)).transpose()?.unwrap_or_default();
        point(batch, relation.target, column, &new, Value::from(&key), &siblings(inverse, relation.target))
            .map_err(|error| failure::explain(batch, &[index], error))?;
        if let Some(shortage) = required.map(|list| list.shortage(batch, &former)).transpose()?.flatten() {
            return Err(batch.node(index).at_relation(relation.name, too_few(&shortage)).into());
        }
    }
    if !gone.is_empty() && !relation.cascade {
        if inverse.is_some_and(|inverse| is_needed(relation.target, inverse)) {
            let detail = "These entities cannot be taken out of the list, since they cannot be without it. Delete them, or link them elsewhere.";
            let node = batch.node(index);
            return Err(node.at_relation(relation.name, Error::form(detail)).into());
        }
        check_editable(batch, index, relation, &gone)?;
        point(batch, relation.target, column, &gone, Value::Null, &[])?;
    }
    if let Some(inverse) = inverse {
        let moved: Vec<Key> = if relation.cascade { new.clone() } else { new.iter().chain(&gone).cloned().collect() };
        for key in moved {
            batch.touch(relation.target, key, &[inverse.name]);
        }
    }
    if !gone.is_empty() || !new.is_empty() || arrived {
        batch.node_mut(index).changed.insert(relation.name);
    }
    Ok(gone)
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

/// A list may not fall below what the relationship requires.
fn check_count(batch: &Batch<'_>, index: usize, relation: &Relation, count: usize) -> Result<(), Errors> {
    let node = batch.node(index);
    let required = relation.required as usize;
    if node.creates || count >= required {
        return Ok(());
    }
    let noun = if required == 1 { "element" } else { "elements" };
    let error = Error::new(&COUNT, format!("This collection should contain {required} {noun} or more."));
    Err(node.at_relation(relation.name, error).into())
}

/// To take a record out of a list is to change it.
fn check_editable(batch: &mut Batch<'_>, index: usize, relation: &Relation, keys: &[Key]) -> Result<(), Errors> {
    let allowed = existing(batch.conn, batch.context, relation.target, Permission::Edit, keys)?;
    if allowed.iter().all(|(_, allowed)| *allowed) {
        return Ok(());
    }
    Err(batch.node(index).at_relation(relation.name, Error::no_access_by(Permission::Edit.name())).into())
}

/// The records whose foreign key points at `key`, as far as the caller may view them: what is hidden from a caller who
/// states the list stays in it.
fn linked(batch: &mut Batch<'_>, relation: &Relation, column: Ident, key: &Key) -> Result<Vec<Key>, Error> {
    let resource = relation.target;
    let mut conditions = Conditions::new(batch.context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    if relation.cascade {
        conditions.tenant(&mut sql, resource, 0);
    } else {
        conditions.viewable(&mut sql, resource, 0);
    }
    sql.raw(" AND ").column(0, column).raw(" = ").bind(Value::from(key));
    let rows = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, resource.id.kind)?) })?;
    Ok(rows.into_iter().flatten().collect())
}

/// Sets a foreign key column of some records, and clears others.
fn point(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    column: Ident,
    keys: &[Key],
    value: Value,
    cleared: &[Ident],
) -> Result<(), diesel::result::Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE ").ident(resource.table).raw(" AS t0 SET ").ident(column).raw(" = ").bind(value);
    for other in cleared {
        sql.raw(", ").ident(*other).raw(" = NULL");
    }
    sql.raw(" WHERE ");
    Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    sql.execute(batch.conn).map(|_| ())
}

/// The relationship of a resource that is stored in a column.
pub(super) fn relation_of_column(resource: &'static Resource, column: &str) -> Option<&'static Relation> {
    to_ones(resource).find(|(_, own)| own.as_str() == column).map(|(relation, _)| relation)
}
