//! Parts keep their identity when a record is sent again: a new part in a replaced list that has the natural key of a
//! part the parent already has (the unit of a product, the localization of a name) updates that part. So a product
//! pushed twice keeps its unit precisions, and with them its stock.

use chrono::{DateTime, Utc};

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::super::value::Value;
use super::check::literal_value;
use super::lock::{read_stored, select_stored};
use super::plan::{Draft, DraftLinkage, Operation, Reference};
use super::resolve::inverse;
use super::{Batch, Stored};
use crate::acl::Permission;
use crate::error::Errors;

/// Finds the stored parts that drafts of updated parents mean.
pub(super) fn match_existing(
    batch: &mut Batch<'_>,
    drafts: &[Draft],
    found: &mut [Option<(Key, Stored)>],
) -> Result<(), Errors> {
    let now = batch.context.now;
    for (parent, draft) in drafts.iter().enumerate() {
        let Some(parent_key) = found[parent].as_ref().map(|(key, _)| key.clone()) else { continue };
        for relation in draft.resource.relations.iter().filter(|relation| relation.cascade) {
            let Some(parent_link) = inverse(draft.resource, relation) else { continue };
            let Some(members) = natural_key(relation.target, parent_link) else { continue };
            let is_child = |child: usize| {
                let part = &drafts[child];
                part.resource == relation.target
                    && part.operation == Operation::Create(None)
                    && found[child].is_none()
                    && (names(draft, relation.target, child) || belongs(part, parent_link, parent))
            };
            let children: Vec<usize> = (0..drafts.len()).filter(|child| is_child(*child)).collect();
            if children.is_empty() {
                continue;
            }
            let mut stored = stored_parts(batch, relation, &parent_key)?;
            stored.retain(|(key, _)| !means(drafts, found, relation.target, key));
            for child in children {
                let same = |(_, part): &(Key, Stored)| {
                    members.iter().all(|member| same_member(&drafts[child], part, member, now))
                };
                if let Some(place) = stored.iter().position(same) {
                    found[child] = Some(stored.remove(place));
                }
            }
        }
    }
    Ok(())
}

/// Whether a record names a part of the request: in its list, or by a to-one such as a product's primary unit.
fn names(parent: &Draft, target: &'static Resource, child: usize) -> bool {
    let to_part = |name: &str| parent.resource.relation(name).is_some_and(|relation| relation.target == target);
    let mut links = parent.links.iter().filter(|(name, _)| to_part(name));
    links.any(|(_, linkage)| linkage.references().contains(&Reference::Draft(child)))
}

/// Whether a part names its parent of the request.
fn belongs(part: &Draft, parent_link: &Relation, parent: usize) -> bool {
    part.links.get(parent_link.name) == Some(&DraftLinkage::One(Some(Reference::Draft(parent))))
}

/// Whether an object of the request means that record already.
fn means(drafts: &[Draft], found: &[Option<(Key, Stored)>], resource: &'static Resource, key: &Key) -> bool {
    let same = |(draft, found): (&Draft, &Option<(Key, Stored)>)| {
        draft.resource == resource && found.as_ref().is_some_and(|(found, _)| found == key)
    };
    drafts.iter().zip(found).any(same)
}

/// The members that tell parts of one parent apart: those the resource declares unique together with the parent, or
/// those it is matched by.
fn natural_key(part: &'static Resource, parent_link: &Relation) -> Option<Vec<&'static str>> {
    let key = part.unique.iter().find(|key| key.members.contains(&parent_link.name)).map(|key| key.members);
    let members = key.or_else(|| Some(part.matched_by).filter(|members| !members.is_empty()))?;
    Some(members.iter().copied().filter(|member| *member != parent_link.name).collect())
}

fn stored_parts(batch: &mut Batch<'_>, relation: &Relation, parent: &Key) -> Result<Vec<(Key, Stored)>, Errors> {
    let Link::ToMany { column } = relation.link else { return Ok(Vec::new()) };
    let mut sql = select_stored(batch.context, relation.target, Permission::Edit);
    sql.raw(" AND t0.")
        .ident(column)
        .raw(" = ")
        .bind(Value::from(parent))
        .raw(" ORDER BY t0.")
        .ident(relation.target.id.column);
    sql.raw(" FOR UPDATE OF t0");
    let rows = sql.collect(batch.conn, |row| read_stored(row, relation.target))?;
    Ok(rows.into_iter().filter(|(_, row)| row.allowed).map(|(key, row)| (key, row.stored)).collect())
}

/// Whether the draft gives a member the value that the part has. What is not given counts as its default, else as null.
fn same_member(draft: &Draft, part: &Stored, member: &str, now: DateTime<Utc>) -> bool {
    if let Some(field) = draft.resource.field(member) {
        let default = || field.default.map_or(Value::Null, |literal| literal_value(literal, now));
        let given = draft.values.get(member).cloned().unwrap_or_else(default);
        return *part.values.get(member).unwrap_or(&Value::Null) == given;
    }
    let given = match draft.links.get(member) {
        None | Some(DraftLinkage::One(None)) => None,
        Some(DraftLinkage::One(Some(Reference::Existing(_, key)))) => Some(key),
        Some(_) => return false,
    };
    part.links.get(member).and_then(Option::as_ref) == given
}
