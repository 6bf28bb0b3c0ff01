//! What has to hold before anything is written: defaults filled, required members there, values fit, owner allowed.

use super::super::field::{Field, Literal};
use super::super::input;
use super::super::kind::Kind;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ident, Ownership, Resource};
use super::super::value::Value;
use super::plan::Role;
use super::references::existing;
use super::resolve::{inverse, to_ones};
use super::{Batch, Linkage, Node, Target, unions};
use crate::acl::{self, Caller, Permission, Principal};
use crate::engine::key::Key;
use crate::error::{ACCESS_DENIED, COUNT, Error, Errors, ORGANIZATION, OWNER};

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
    for (column, id) in owners(node.resource.ownership, context.caller) {
        fill_link(node, column, id);
    }
    if let Some(column) = node.resource.tenant {
        fill_link(node, column, context.caller.organization);
    }
}

/// The columns of a record's owner, and what the caller would put there.
fn owners(ownership: Ownership, caller: &Caller) -> Vec<(Ident, i64)> {
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

/// Required members, nulls and limits, after the rules have had their say; the right to create; the owner.
pub(super) fn check(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut errors = Vec::new();
    for (index, node) in batch.nodes.iter().enumerate() {
        let of_new_parent = parent_node(batch, node).is_some_and(|parent| batch.node(parent).creates);
        let may_create = || acl::scope(node.resource, Permission::Create, batch.context.caller).is_some();
        if node.creates && !node.implied && !of_new_parent && !may_create() {
            let error = Error::no_access_to_type();
            errors.push(if node.role == Role::Primary { error } else { error.at(&node.pointer) });
            continue;
        }
        for field in node.resource.fields {
            errors.extend(field_error(node, field).map(|error| node.at_attribute(field.name, error)));
        }
        for relation in node.resource.relations {
            errors.extend(relation_error(batch, index, relation).map(|error| node.at_relation(relation.name, error)));
        }
        errors.extend(organization_error(batch, node));
    }
    if errors.is_empty() {
        errors = owner_errors(batch)?;
    }
    Errors::check(errors)
}

fn field_error(node: &Node, field: &Field) -> Option<Error> {
    match node.values.get(field.name) {
        Some(value) => input::check(field, value).err(),
        None if node.creates && field.required => Some(Error::not_blank()),
        None => None,
    }
}

fn relation_error(batch: &Batch<'_>, index: usize, relation: &Relation) -> Option<Error> {
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
                None if node.creates => pointing_back(batch, index, relation),
                _ => return None,
            };
            (count < required && required > 0).then(|| {
                let noun = if required == 1 { "element" } else { "elements" };
                Error::new(&COUNT, format!("This collection should contain {required} {noun} or more."))
            })
        }
        Link::Polymorphic { .. } => None,
        Link::Union { many, .. } => {
            let named = || usize::from(many && named_by_inverse(batch, index, relation));
            let missing = match unions::count(node, relation) {
                Some(0) => !many || node.creates && named() == 0,
                None => node.creates && named() == 0,
                Some(_) => false,
            };
            (missing && relation.required > 0).then(Error::not_blank)
        }
    }
}

/// How many records of the request name the node at the other end of the relationship.
fn pointing_back(batch: &Batch<'_>, index: usize, relation: &Relation) -> usize {
    let Some(back) = inverse(batch.node(index).resource, relation) else { return 0 };
    let points = |part: &&Node| {
        part.resource == relation.target
            && part.one(back.name).flatten().is_some_and(|target| target.node == Some(index))
    };
    batch.nodes.iter().filter(points).count()
}

/// Whether a record of the request puts the node into a list that shares a join table with the union.
fn named_by_inverse(batch: &Batch<'_>, index: usize, union: &Relation) -> bool {
    let table_of = |relation: &Relation| match relation.link {
        Link::Through { table, .. } => Some(table),
        _ => None,
    };
    let tables: Vec<Ident> = batch.node(index).resource.branches(union).filter_map(table_of).collect();
    let names = |other: &Node| {
        other.links.iter().any(|(name, linkage)| {
            let shared = other.resource.relation(name).and_then(table_of).is_some_and(|table| tables.contains(&table));
            shared && linkage.targets().iter().any(|target| target.node == Some(index))
        })
    };
    batch.nodes.iter().any(names)
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

/// The relationships that name a record's owner.
fn owner_relations(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    let of = move |column| to_ones(resource).find(|(_, own)| *own == column);
    resource.ownership.columns().filter_map(of).map(|(relation, _)| relation)
}

/// A changed owner takes the ASSIGN permission; whether the new owner is within reach is seen after writing.
fn owner_errors(batch: &mut Batch<'_>) -> Result<Vec<Error>, Errors> {
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
            if !allowed.contains(&(node.key.clone(), true)) {
                errors.push(node.at_relation(relation.name, owner_error()));
            }
        }
    }
    Ok(errors)
}

fn owner_error() -> Error {
    Error::new(&OWNER, "You have no access to set this value as owner.")
}

/// Whether a to-one of an existing record is set to something else than is stored.
pub(super) fn is_new_link(node: &Node, relation: &str) -> bool {
    let given = node.one(relation).flatten().map(|target| &target.key);
    given != node.stored.links.get(relation).and_then(Option::as_ref)
}

/// After writing: what was created or changed has to lie within the caller's reach.
pub(super) fn check_written(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut errors = Vec::new();
    for (resource, nodes) in batch.by_resource() {
        for permission in [Permission::Create, Permission::Edit, Permission::Assign] {
            let concerned: Vec<usize> = nodes
                .iter()
                .copied()
                .filter(|index| {
                    let node = batch.node(*index);
                    let parent_is_new = parent_node(batch, node).is_some_and(|parent| batch.node(parent).creates);
                    let written = match permission {
                        Permission::Create => node.creates,
                        Permission::Assign => !node.creates && has_new_owner(node),
                        _ => !node.creates,
                    };
                    written && !parent_is_new && !node.implied
                })
                .collect();
            if concerned.is_empty() || !acl::is_limited(resource, permission, batch.context.caller) {
                continue;
            }
            let keys: Vec<Key> = concerned.iter().map(|index| batch.node(*index).key.clone()).collect();
            let allowed = existing(batch.conn, batch.context, resource, permission, &keys)?;
            for index in concerned {
                let node = batch.node(index);
                if allowed.contains(&(node.key.clone(), true)) {
                    continue;
                }
                errors.push(match owner_relations(resource).next() {
                    Some(relation) => node.at_relation(relation.name, owner_error()),
                    None => {
                        let detail = format!("No access by \"{}\" permission to the entity.", permission.name());
                        Error::new(&ACCESS_DENIED, detail).at(&node.pointer)
                    }
                });
            }
        }
    }
    Errors::check(errors)
}

/// Whether an update has given the record to someone else.
fn has_new_owner(node: &Node) -> bool {
    owner_relations(node.resource).any(|relation| node.changed.contains(relation.name))
}

/// The node of this batch that a part belongs to.
pub(super) fn parent_node(batch: &Batch<'_>, node: &Node) -> Option<usize> {
    let Ownership::Part(relations) = node.resource.ownership else { return None };
    relations.iter().find_map(|relation| node.one(relation)??.node).or_else(|| {
        // Parents of a hidden inverse link (an order's addresses) name the part themselves.
        batch.nodes.iter().position(|parent| {
            parent
                .links
                .values()
                .flat_map(Linkage::targets)
                .any(|target| target.resource == node.resource && target.key == node.key && cascades_to(parent, node))
        })
    })
}

fn cascades_to(parent: &Node, part: &Node) -> bool {
    parent.resource.relations.iter().any(|relation| relation.cascade && relation.target == part.resource)
}
