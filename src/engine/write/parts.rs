//! Parts keep their identity when a record is sent again: a new part in a replaced list that has the natural key of a
//! part the parent already has (the unit of a product, the localization of a name) updates that part. So a product
//! pushed twice keeps its unit precisions, and with them its stock.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::super::sql::predicate::Conditions;
use super::super::value::{Value, key_array};
use super::check::literal_value;
use super::lock::{read_stored, select_stored};
use super::plan::{Draft, DraftLinkage, Operation, Reference};
use super::resolve::inverse;
use super::{Batch, Stored, ancestors};
use crate::acl::Permission;
use crate::error::Errors;

/// Finds the stored parts that drafts of updated parents mean: one statement for each list of parts of a resource.
pub(super) fn match_existing(
    batch: &mut Batch<'_>,
    drafts: &[Draft],
    found: &mut [Option<(Key, Stored)>],
) -> Result<(), Errors> {
    if found.iter().all(Option::is_none) {
        return Ok(());
    }
    let ties = ties(drafts);
    let mut resources: Vec<&'static Resource> = Vec::new();
    for draft in drafts {
        if !resources.contains(&draft.resource) {
            resources.push(draft.resource);
        }
    }
    // A part that is found may have parts in turn.
    resources.sort_by_key(|resource| ancestors::depth(resource));
    for resource in resources {
        for relation in resource.relations.iter().filter(|relation| relation.cascade) {
            match_list(batch, resource, relation, drafts, &ties, found)?;
        }
    }
    Ok(())
}

/// A draft and one that may be its part.
struct Tie {
    parent: usize,
    part: usize,
    /// The to-one by which the part names its parent; `None` when the parent names the part.
    by: Option<&'static str>,
}

/// The drafts that name each other: a parent its part, in its list or by a to-one such as a product's primary unit, or a
/// part its parent.
fn ties(drafts: &[Draft]) -> Vec<Tie> {
    let mut ties = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        for (name, linkage) in &draft.links {
            for reference in linkage.references() {
                if let Reference::Draft(other) = reference {
                    ties.push(Tie { parent: index, part: *other, by: None });
                    ties.push(Tie { parent: *other, part: index, by: Some(name) });
                }
            }
        }
    }
    ties
}

fn match_list(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    relation: &'static Relation,
    drafts: &[Draft],
    ties: &[Tie],
    found: &mut [Option<(Key, Stored)>],
) -> Result<(), Errors> {
    let Some(parent_link) = inverse(resource, relation) else { return Ok(()) };
    let Some(members) = natural_key(relation.target, parent_link) else { return Ok(()) };
    let mut parts: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for tie in ties {
        let part = &drafts[tie.part];
        if drafts[tie.parent].resource == resource
            && found[tie.parent].is_some()
            && part.resource == relation.target
            && part.operation == Operation::Create(None)
            && found[tie.part].is_none()
            && tie.by.is_none_or(|name| name == parent_link.name)
        {
            parts.entry(tie.parent).or_default().insert(tie.part);
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    let now = batch.context.now;
    let key_of = |found: &[Option<(Key, Stored)>], index: usize| found[index].as_ref().map(|(key, _)| key.clone());
    let parents: Vec<Key> = parts.keys().filter_map(|parent| key_of(found, *parent)).collect();
    let mut stored = stored_parts(batch, relation, parent_link, &parents)?;
    let of_target = |(draft, found): (&Draft, &Option<(Key, Stored)>)| {
        found.as_ref().filter(|_| draft.resource == relation.target).map(|(key, _)| key.clone())
    };
    // What an object of the request means already.
    let meant: HashSet<Key> = drafts.iter().zip(found.iter()).filter_map(of_target).collect();
    for (parent, parts) in parts {
        let Some(mut stored) = key_of(found, parent).and_then(|key| stored.remove(&key)) else { continue };
        stored.retain(|(key, _)| !meant.contains(key));
        for part in parts {
            let same = |(_, stored): &(Key, Stored)| {
                members.iter().all(|member| same_member(&drafts[part], stored, member, now))
            };
            if let Some(place) = stored.iter().position(same) {
                found[part] = Some(stored.remove(place));
            }
        }
    }
    Ok(())
}

/// The members that tell parts of one parent apart: those the resource declares unique together with the parent, or
/// those it is matched by.
fn natural_key(part: &'static Resource, parent_link: &Relation) -> Option<Vec<&'static str>> {
    let key = part.unique.iter().find(|key| key.members.contains(&parent_link.name)).map(|key| key.members);
    let members = key.or_else(|| Some(part.matched_by).filter(|members| !members.is_empty()))?;
    Some(members.iter().copied().filter(|member| *member != parent_link.name).collect())
}

/// The parts of some records that the caller may edit, locked, by the records they belong to.
fn stored_parts(
    batch: &mut Batch<'_>,
    relation: &Relation,
    parent_link: &Relation,
    parents: &[Key],
) -> Result<HashMap<Key, Vec<(Key, Stored)>>, Errors> {
    let Link::ToMany { column } = relation.link else { return Ok(HashMap::new()) };
    let mut sql = select_stored(batch.context, relation.target, Permission::Edit, |_| {});
    sql.raw(" WHERE ");
    Conditions::new(batch.context.caller).tenant(&mut sql, relation.target, 0);
    sql.raw(" AND ").column(0, column).raw(" = ANY(").bind(key_array(parents)).raw(") ORDER BY ");
    sql.column(0, relation.target.id.column).raw(" FOR UPDATE OF t0");
    let mut parts: HashMap<Key, Vec<(Key, Stored)>> = HashMap::new();
    sql.for_each(batch.conn, |row| -> Result<(), Errors> {
        let (key, part) = read_stored(row, relation.target)?;
        let parent = part.stored.links.get(parent_link.name).cloned().flatten();
        if let Some(parent) = parent.filter(|_| part.allowed) {
            parts.entry(parent).or_default().push((key, part.stored));
        }
        Ok(())
    })?;
    Ok(parts)
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
