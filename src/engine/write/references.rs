//! What a write points at without writing it: whether it exists, and whether the caller may link it.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::pg::PgConnection;

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ownership, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::key_array;
use super::lock::{key_width, push_allowed};
use super::{Batch, Context, Linkage, Node, unions};
use crate::acl::Permission;
use crate::error::{ACCESS_GRANTED, Error};

/// Of each record that is referred to, by resource: whether the caller holds the permission. `None`: there is none.
type Held = HashMap<&'static str, HashMap<Key, bool>>;

/// Every record that is referred to but not written here has to exist and be visible to the caller. The answer: what is
/// wrong with some of the nodes.
pub(super) fn check(batch: &mut Batch<'_>) -> Result<Vec<Error>, Error> {
    let visible = held(batch, Permission::View)?;
    let editable = held(batch, Permission::Edit)?;
    let mut errors = Vec::new();
    for (node, relation, linkage) in stated_links(&batch.nodes) {
        for (index, target) in linkage.targets().iter().enumerate().filter(|(_, target)| target.node.is_none()) {
            let holds = |held: &Held| held.get(target.resource.name).and_then(|keys| keys.get(&target.key)).copied();
            let error = match holds(&visible) {
                Some(true) if !changes_target(node, relation) => continue,
                Some(true) if holds(&editable) == Some(true) => continue,
                Some(true) => Error::no_access_by(Permission::Edit.name()),
                Some(false) => {
                    Error::new(&ACCESS_GRANTED, "The \"VIEW\" permission is denied for the related resource.")
                }
                None => Error::no_related(),
            };
            let mut error = node.at_relation(relation.name, error);
            if !matches!(linkage, Linkage::One(_))
                && let Some(crate::error::Source::Pointer(place)) = &mut error.source
            {
                place.push_str(&format!("/{index}"));
            }
            errors.push(error);
        }
    }
    Ok(errors)
}

/// Looks for the permission on all records that are referred to; EDIT matters where a link changes its target.
fn held(batch: &mut Batch<'_>, permission: Permission) -> Result<Held, Error> {
    let mut wanted: BTreeMap<&'static str, (&'static Resource, HashSet<&Key>)> = BTreeMap::new();
    for (node, relation, linkage) in stated_links(&batch.nodes) {
        if permission == Permission::View || changes_target(node, relation) {
            for target in linkage.targets().iter().filter(|target| target.node.is_none()) {
                let (_, keys) = wanted.entry(target.resource.name).or_insert_with(|| (target.resource, HashSet::new()));
                keys.insert(&target.key);
            }
        }
    }
    let mut held = Held::new();
    for (name, (resource, keys)) in wanted {
        let keys: Vec<Key> = keys.into_iter().cloned().collect();
        held.insert(name, existing(batch.conn, batch.context, resource, permission, &keys)?);
    }
    Ok(held)
}

/// Every link that a request states, but for what it takes out: taking out what is not there is not an error. What several
/// relationships hold is looked at as the one that the request knows.
fn stated_links(nodes: &[Node]) -> impl Iterator<Item = (&Node, &'static Relation, &Linkage)> {
    nodes.iter().flat_map(|node| {
        node.links.iter().filter_map(move |(name, linkage)| {
            let relation = node.resource.relation(name)?;
            let stated = relation.wire_name() == *name || !node.links.contains_key(relation.wire_name());
            let looked_at = stated && !relation.open && !matches!(linkage, Linkage::Remove(_));
            looked_at.then_some((node, relation, linkage))
        })
    })
}

/// Whether to link a record is to change it: its foreign key is written, it becomes a part here, or the
/// link is one of what it points at. That takes EDIT on
/// it, where pointing at it takes VIEW.
fn changes_target(node: &Node, relation: &Relation) -> bool {
    let is_part_of = |part: &Resource, parent: &Resource| match part.ownership {
        Ownership::Part(names) => {
            names.iter().filter_map(|name| part.relation(name)).any(|relation| relation.target == parent)
        }
        _ => false,
    };
    match relation.link {
        Link::ToMany { .. } => true,
        Link::Through { .. } => {
            relation.cascade
                || unions::beyond(relation).is_some()
                || is_part_of(relation.target, node.resource)
                || is_part_of(node.resource, relation.target)
        }
        Link::ToOne { .. } => relation.cascade,
        Link::Polymorphic { .. } | Link::Union { .. } => false,
    }
}

/// Which of the records exist, and whether the caller holds the permission on each.
pub(super) fn existing(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    permission: Permission,
    keys: &[Key],
) -> Result<HashMap<Key, bool>, Error> {
    let mut conditions = Conditions::new(context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(", ");
    push_allowed(&mut sql, &mut conditions, resource, permission);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND t0.").ident(resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let width = key_width(resource);
    let mut found = HashMap::with_capacity(keys.len());
    sql.for_each(conn, |row| -> Result<(), Error> {
        let key = row.key(0, resource.id.kind)?.ok_or_else(|| Error::internal("a row without an id"))?;
        found.insert(key, row.boolean(width)?.unwrap_or(false));
        Ok(())
    })?;
    Ok(found)
}
