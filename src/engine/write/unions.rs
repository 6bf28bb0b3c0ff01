//! Relationships that several others hold: what a request says of the one it knows, said to those that store it.

use std::collections::HashSet;

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::super::sql::Sql;
use super::super::sql::predicate::{Conditions, JOIN_TENANT};
use super::super::value::{Value, key_array};
use super::{Batch, Linkage, Node, Target};
use crate::error::Error;

/// Gives each branch of a [`Link::Union`] its part of the linkage.
pub(super) fn spread(batch: &mut Batch<'_>) {
    for node in &mut batch.nodes {
        let resource = node.resource;
        for union in resource.relations.iter().filter(|relation| matches!(relation.link, Link::Union { .. })) {
            let Some(linkage) = node.links.get(union.name).cloned() else { continue };
            for branch in resource.branches(union) {
                node.links.insert(branch.name, part(&linkage, branch));
            }
        }
    }
}

fn part(linkage: &Linkage, branch: &Relation) -> Linkage {
    let own = |targets: &[Target]| targets.iter().filter(|target| target.resource == branch.target).cloned().collect();
    match linkage {
        Linkage::One(target) => Linkage::One(target.clone().filter(|target| target.resource == branch.target)),
        Linkage::Many(targets) => Linkage::Many(own(targets)),
        Linkage::Add(targets) => Linkage::Add(own(targets)),
        Linkage::Remove(targets) => Linkage::Remove(own(targets)),
    }
}

/// Points a to-one at a record; where it is a branch, the others point at nothing.
pub(super) fn point(node: &mut Node, relation: &'static str, target: Target) {
    let resource = node.resource;
    let union = resource.relation(relation).and_then(|branch| resource.union_of(branch));
    for sibling in union.into_iter().flat_map(|union| resource.branches(union)) {
        node.link(sibling.name, None);
    }
    node.link(relation, Some(target));
}

/// How many records a union will point at, as far as the request says; `None` when it says nothing of it.
pub(super) fn count(node: &Node, union: &Relation) -> Option<usize> {
    let mut stated = node.resource.branches(union).filter_map(|branch| node.links.get(branch.name)).peekable();
    stated.peek()?;
    Some(stated.map(|linkage| linkage.targets().len()).sum())
}

/// The union at the other end of a list: one of its branches has its links in the same join table.
pub(super) fn beyond(relation: &Relation) -> Option<&'static Relation> {
    let Link::Through { table: shared, .. } = relation.link else { return None };
    let shares = |branch: &&Relation| matches!(branch.link, Link::Through { table, .. } if table == shared);
    relation.target.relations.iter().filter(shares).find_map(|branch| relation.target.union_of(branch))
}

/// Those of the records that are left without a record that the union points at.
pub(super) fn empty(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    union: &Relation,
    keys: &[Key],
) -> Result<HashSet<Key>, Error> {
    let organization = batch.organization();
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    for branch in resource.branches(union) {
        let Link::Through { table, own, .. } = branch.link else { continue };
        sql.raw(" AND NOT EXISTS (SELECT 1 FROM ").ident(table).raw(" AS t1 WHERE ").column(1, own).raw(" = ");
        sql.column(0, resource.id.referenced);
        if resource.tenant.is_some() || branch.target.tenant.is_some() {
            sql.raw(" AND ").column(1, JOIN_TENANT).raw(" = ").bind(Value::Integer(organization));
        }
        sql.raw(")");
    }
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.key(0, resource.id.kind)?) })?;
    Ok(found.into_iter().flatten().collect())
}
