//! What has to hold before anything is written: defaults filled, required members there, values fit, owner allowed.

mod reach;

use std::collections::{HashMap, HashSet};

pub(super) use self::reach::{check_written, owners, reach};

use super::super::field::{Field, Literal};
use super::super::input;
use super::super::kind::Kind;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ident, Ownership};
use super::super::value::Value;
use super::plan::Role;
use super::resolve::{inverse, to_ones};
use super::{Batch, Linkage, Node, Target, unions};
use crate::acl::{self, Caller, Permission, Principal};
use crate::engine::key::Key;
use crate::error::{COUNT, Error, ORGANIZATION};

/// Time stamps, defaults, owner and organization of every node.
pub(super) fn fill(batch: &mut Batch<'_>) {
    for index in 0..batch.nodes.len() {
        fill_node(batch, index);
    }
}

/// Time stamps, defaults, owner and organization of one node.
pub(super) fn fill_node(batch: &mut Batch<'_>, index: usize) {
    let context = batch.context;
    let node = &mut batch.nodes[index];
    if !node.creates {
        return;
    }
    for field in node.resource.fields {
        if node.values.contains_key(field.name) {
            continue;
        }
        if matches!(field.name, "createdAt" | "updatedAt") && field.kind == Kind::DateTime {
            node.set(field.name, Value::DateTime(context.now));
        } else if let Some(literal) = field.default {
            node.set(field.name, literal_value(literal, context.now));
        }
    }
    for (column, id) in own_columns(node.resource.ownership, context.caller) {
        fill_link(node, column, id);
    }
    if let Some(column) = node.resource.tenant {
        fill_link(node, column, context.caller.organization);
    }
}

/// The columns of a record's owner, and what the caller would put there.
fn own_columns(ownership: Ownership, caller: &Caller) -> Vec<(Ident, i64)> {
    match (ownership, &caller.principal) {
        (Ownership::User(column), Principal::User(user)) => vec![(column, user.id)],
        (Ownership::BusinessUnit(column), Principal::User(user)) => vec![(column, user.business_unit)],
        (Ownership::Customer { column, .. }, Principal::CustomerUser(user)) => vec![(column, user.customer)],
        (Ownership::CustomerUser { user, customer }, Principal::CustomerUser(who)) => {
            vec![(user, who.id), (customer, who.customer)]
        }
        _ => Vec::new(),
    }
}

/// Sets the to-one stored in `column`, unless the request sets it.
fn fill_link(node: &mut Node, column: Ident, id: i64) {
    if let Some((relation, _)) = to_ones(node.resource).find(|(_, own)| *own == column)
        && !matches!(node.one(relation.name), Some(Some(_)))
    {
        node.link(relation.name, Some(Target { resource: relation.target, key: Key::Integer(id), node: None }));
    }
}

/// The value a default stands for.
pub(super) fn literal_value(literal: Literal, now: chrono::DateTime<chrono::Utc>) -> Value {
    match literal {
        Literal::Text(text) => Value::Text(text.to_owned()),
        Literal::Integer(number) => Value::Integer(number),
        Literal::Boolean(flag) => Value::Boolean(flag),
        Literal::Now => Value::DateTime(now),
    }
}

/// What is wrong with the nodes after the rules have had their say: required members, nulls and limits, and the right to
/// create.
pub(super) fn members(batch: &Batch<'_>) -> Vec<Error> {
    let mut errors = Vec::new();
    let (parents, named) = (parent_nodes(batch), Named::by(batch));
    for (index, node) in batch.nodes.iter().enumerate() {
        let of_new_parent = parents[index].is_some_and(|parent| batch.node(parent).creates);
        let may_create = || acl::scope(node.resource, Permission::Create, batch.context.caller).is_some();
        if node.creates && node.sent.is_some() && !of_new_parent && !may_create() {
            let error = Error::no_access_to_type();
            errors.push(if node.role == Role::Primary { error } else { error.at(&node.pointer) });
            continue;
        }
        for field in node.resource.fields {
            errors.extend(field_error(node, field).map(|error| node.at_attribute(field.name, error)));
        }
        for relation in node.resource.relations {
            let error = relation_error(batch, &named, index, relation);
            errors.extend(error.map(|error| node.at_relation(relation.name, error)));
        }
        errors.extend(organization_error(batch, node));
    }
    errors
}

fn field_error(node: &Node, field: &Field) -> Option<Error> {
    match node.values.get(field.name) {
        Some(value) => input::check(field, value).err(),
        None if node.creates && field.required => Some(Error::not_blank()),
        None => None,
    }
}

fn relation_error(batch: &Batch<'_>, named: &Named, index: usize, relation: &Relation) -> Option<Error> {
    let node = batch.node(index);
    let given = node.links.get(relation.name);
    match relation.link {
        Link::ToOne { .. } => match given {
            Some(Linkage::One(None)) if relation.required > 0 => Some(Error::not_blank()),
            Some(Linkage::One(None)) if !relation.nullable && !relation.hidden => Some(Error::not_null()),
            None if node.creates && relation.required > 0 => Some(Error::not_blank()),
            _ => None,
        },
        Link::ToMany { .. } | Link::Through { .. } => {
            let required = relation.required as usize;
            let count = match given {
                Some(Linkage::Many(targets)) => targets.len(),
                None if node.creates => named.at_the_other_end(batch, index, relation),
                _ => return None,
            };
            (count < required && required > 0).then(|| {
                let noun = if required == 1 { "element" } else { "elements" };
                Error::new(&COUNT, format!("This collection should contain {required} {noun} or more."))
            })
        }
        Link::Polymorphic { .. } => None,
        Link::Union { many, .. } => {
            let named = || usize::from(many && named.by_inverse(batch, index, relation));
            let missing = match unions::count(node, relation) {
                Some(0) => !many || node.creates && named() == 0,
                None => node.creates && named() == 0,
                Some(_) => false,
            };
            (missing && relation.required > 0).then(Error::not_blank)
        }
    }
}

/// How the records of a request name each other, seen from those that are named.
struct Named {
    /// How many records of a resource point a to-one of that name at a node.
    to_ones: HashMap<(usize, &'static str, &'static str), usize>,
    /// The join tables of the lists that a node is in.
    lists: HashSet<(usize, Ident)>,
}

impl Named {
    fn by(batch: &Batch<'_>) -> Named {
        let mut named = Named { to_ones: HashMap::new(), lists: HashSet::new() };
        for other in &batch.nodes {
            for (name, linkage) in &other.links {
                let table = || other.resource.relation(name).and_then(table_of);
                for node in linkage.targets().iter().filter_map(|target| target.node) {
                    match linkage {
                        Linkage::One(_) => *named.to_ones.entry((node, other.resource.name, name)).or_default() += 1,
                        _ => named.lists.extend(table().map(|table| (node, table))),
                    }
                }
            }
        }
        named
    }

    /// How many records of the request name the node at the other end of the relationship.
    fn at_the_other_end(&self, batch: &Batch<'_>, index: usize, relation: &Relation) -> usize {
        let Some(back) = inverse(batch.node(index).resource, relation) else { return 0 };
        self.to_ones.get(&(index, relation.target.name, back.name)).copied().unwrap_or(0)
    }

    /// Whether a record of the request puts the node into a list that shares a join table with the union.
    fn by_inverse(&self, batch: &Batch<'_>, index: usize, union: &Relation) -> bool {
        let mut tables = batch.node(index).resource.branches(union).filter_map(table_of);
        tables.any(|table| self.lists.contains(&(index, table)))
    }
}

fn table_of(relation: &Relation) -> Option<Ident> {
    match relation.link {
        Link::Through { table, .. } => Some(table),
        _ => None,
    }
}

fn organization_error(batch: &Batch<'_>, node: &Node) -> Option<Error> {
    let column = node.resource.tenant?;
    let (relation, _) = to_ones(node.resource).find(|(_, own)| *own == column)?;
    let target = node.one(relation.name)??;
    (target.key != Key::Integer(batch.organization())).then(|| {
        let detail = "You have no access to set this value as organization.";
        node.at_relation(relation.name, Error::new(&ORGANIZATION, detail))
    })
}

/// Whether a to-one of an existing record is set to something else than is stored.
pub(super) fn is_new_link(node: &Node, relation: &str) -> bool {
    let given = node.one(relation).flatten().map(|target| &target.key);
    given != node.stored.links.get(relation).and_then(Option::as_ref)
}

/// The nodes of this batch that its parts belong to, for each node.
pub(super) fn parent_nodes(batch: &Batch<'_>) -> Vec<Option<usize>> {
    let mut parents: Vec<Option<usize>> = vec![None; batch.nodes.len()];
    // Parents of a hidden inverse link (an order's addresses) name the part themselves.
    for (parent, node) in batch.nodes.iter().enumerate() {
        for part in node.links.values().flat_map(Linkage::targets).filter_map(|target| target.node) {
            if parents[part].is_none() && cascades_to(node, batch.node(part)) {
                parents[part] = Some(parent);
            }
        }
    }
    for (part, node) in batch.nodes.iter().enumerate() {
        match node.resource.ownership {
            Ownership::Part(relations) => {
                let named = relations.iter().find_map(|relation| node.one(relation)??.node);
                parents[part] = named.or(parents[part]);
            }
            _ => parents[part] = None,
        }
    }
    parents
}

fn cascades_to(parent: &Node, part: &Node) -> bool {
    parent.resource.relations.iter().any(|relation| relation.cascade && relation.target == part.resource)
}
