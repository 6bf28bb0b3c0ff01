//! A plan → a [`Batch`]: records to update are locked and read, upserts look for theirs, ids are drawn, references are
//! checked to exist and to be visible. One statement per resource and purpose, whatever the number of records.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use diesel::pg::PgConnection;

use super::super::field::Access;
use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{IdKind, Resource};
use super::super::sql::Sql;
use super::super::value::Value;
use super::drafts::Drafts;
use super::per_resource::PerResource;
use super::plan::{Draft, DraftLinkage, Match, Operation, Reference, WritePlan};
use super::sieve::Sieve;
use super::{Batch, Context, Linkage, Node, Stored, Target, identity, lock, parts, references, unions, upsert};
use crate::error::{Error, Errors};

/// Makes the batch of a plan.
pub(super) fn resolve<'a>(
    conn: &'a mut PgConnection,
    context: Context<'a>,
    plan: WritePlan,
    sieve: &mut dyn Sieve,
) -> Result<Batch<'a>, Errors> {
    let mut drafts = Drafts::of(plan);
    let unknown = identity::settle(conn, context, &mut drafts.list)?;
    drafts.sift(sieve, unknown)?;
    let mut batch = Batch::new(conn, context);
    upsert::take_turns(&mut batch, &drafts.list)?;
    let refused = lock::lock_updates(&mut batch, &mut drafts)?;
    drafts.sift(sieve, refused)?;
    let refused = upsert::find(&mut batch, &mut drafts)?;
    drafts.sift(sieve, refused)?;
    parts::match_existing(&mut batch, &drafts.list, &mut drafts.found)?;
    let duplicates = duplicates(&drafts);
    drafts.sift(sieve, duplicates)?;
    let keys = keys(&mut batch, &drafts.list, &drafts.found)?;
    let Drafts { mut list, mut found, places } = drafts;
    for (index, draft) in list.iter_mut().enumerate() {
        let stored = found[index].take().map(|(_, stored)| stored);
        let links = std::mem::take(&mut draft.links)
            .into_iter()
            .map(|(name, linkage)| (name, linkage_of(linkage, &keys)))
            .collect();
        batch.nodes.push(Node {
            resource: draft.resource,
            role: draft.role,
            creates: stored.is_none(),
            key: keys[index].1.clone(),
            pointer: std::mem::take(&mut draft.pointer),
            label: draft.label.take(),
            values: std::mem::take(&mut draft.values),
            links,
            stored: stored.unwrap_or_default(),
            upserts: match std::mem::replace(&mut draft.operation, Operation::Create(None)) {
                Operation::Upsert(Match::Members(members)) => Some(members),
                Operation::Upsert(Match::Id(_)) => Some(Vec::new()),
                Operation::Create(_) | Operation::Update(_) => None,
            },
            sent: Some(places[index]),
            changed: BTreeSet::new(),
        });
    }
    drop_create_only(&mut batch);
    unions::spread(&mut batch);
    let contradictions = mirror_inverse_links(&mut batch);
    batch.sift(sieve, contradictions)?;
    let unknown = references::check(&mut batch)?;
    batch.sift(sieve, unknown)?;
    Ok(batch)
}

/// Two objects of a request may not mean one record.
fn duplicates(drafts: &Drafts) -> Vec<Error> {
    let Drafts { list: drafts, found, .. } = drafts;
    let meaning = |index: usize| match &found[index] {
        Some((key, _)) => Some(key.to_string()),
        None => match &drafts[index].operation {
            Operation::Create(Some(key)) => Some(key.to_string()),
            _ => upsert::key_text(&drafts[index]),
        },
    };
    let mut first: HashMap<(&'static str, bool, String), usize> = HashMap::new();
    let mut errors = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let Some(text) = meaning(index) else { continue };
        match first.entry((draft.resource.name, found[index].is_some(), text)) {
            Entry::Occupied(other) => {
                errors.push(Error::duplicate_of(&drafts[*other.get()].pointer).at(&draft.pointer))
            }
            Entry::Vacant(place) => {
                place.insert(index);
            }
        }
    }
    errors
}

fn linkage_of(linkage: DraftLinkage, keys: &[(&'static Resource, Key)]) -> Linkage {
    let target = |reference: Reference| match reference {
        Reference::Draft(index) => Target { resource: keys[index].0, key: keys[index].1.clone(), node: Some(index) },
        Reference::Existing(resource, key) => Target { resource, key, node: None },
    };
    let all = |list: Vec<Reference>| list.into_iter().map(target).collect();
    match linkage {
        DraftLinkage::One(reference) => Linkage::One(reference.map(target)),
        DraftLinkage::Many(list) => Linkage::Many(all(list)),
        DraftLinkage::Add(list) => Linkage::Add(all(list)),
        DraftLinkage::Remove(list) => Linkage::Remove(all(list)),
    }
}

/// The relationships stored in a column of the resource's own table.
pub(super) fn to_ones(
    resource: &'static Resource,
) -> impl Iterator<Item = (&'static Relation, super::super::resource::Ident)> {
    resource.relations.iter().filter_map(|relation| match relation.link {
        Link::ToOne { column, .. } => Some((relation, column)),
        _ => None,
    })
}

/// The id of every draft: the found record's, the client's, or a new one.
fn keys(
    batch: &mut Batch<'_>,
    drafts: &[Draft],
    found: &[Option<(Key, Stored)>],
) -> Result<Vec<(&'static Resource, Key)>, Errors> {
    let mut keys: Vec<Option<Key>> = drafts
        .iter()
        .zip(found)
        .map(|(draft, found)| match (found, &draft.operation) {
            (Some((key, _)), _) => Some(key.clone()),
            (None, Operation::Create(Some(key)) | Operation::Upsert(Match::Id(key))) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let mut missing = PerResource::new();
    for (index, draft) in drafts.iter().enumerate().filter(|(index, _)| keys[*index].is_none()) {
        missing.add(draft.resource, index);
    }
    for (resource, list) in missing {
        for (index, key) in list.iter().zip(draw_keys(batch.conn, resource, list.len())?) {
            keys[*index] = Some(match (key, resource.id.kind) {
                (Key::Guid(guid, _), IdKind::Guid { suffix }) => Key::Guid(guid, suffix_value(&drafts[*index], suffix)),
                (key, _) => key,
            });
        }
    }
    let keys: Option<Vec<Key>> = keys.into_iter().collect();
    let keys = keys.ok_or_else(|| Error::internal("a sequence gave too few ids"))?;
    Ok(drafts.iter().map(|draft| draft.resource).zip(keys).collect())
}

/// The suffix of a composite id is a link of the same record (the price list of a price).
fn suffix_value(draft: &Draft, suffix: super::super::resource::Ident) -> i64 {
    to_ones(draft.resource)
        .find(|(_, column)| *column == suffix)
        .and_then(|(relation, _)| draft.links.get(relation.name))
        .and_then(|linkage| match linkage {
            DraftLinkage::One(Some(Reference::Existing(_, Key::Integer(id)))) => Some(*id),
            _ => None,
        })
        .unwrap_or(0)
}

/// New ids, before anything is written, so that records of one request can point at each other.
pub(super) fn draw_keys(conn: &mut PgConnection, resource: &Resource, count: usize) -> Result<Vec<Key>, Error> {
    match resource.id.kind {
        IdKind::Guid { .. } => Ok((0..count).map(|_| Key::Guid(uuid::Uuid::new_v4(), 0)).collect()),
        IdKind::Uuid => Ok((0..count).map(|_| Key::Uuid(uuid::Uuid::new_v4())).collect()),
        IdKind::Text => Err(Error::internal(format_args!("ids of {} are not drawn", resource.name))),
        IdKind::Integer => {
            let mut sql = sequence(resource);
            sql.raw(" FROM generate_series(1, ").bind(Value::Integer(count as i64)).raw(")");
            sql.collect(conn, |row| {
                row.integer(0)?.map(Key::Integer).ok_or_else(|| Error::internal("a sequence gave null"))
            })
        }
    }
}

/// `SELECT nextval('<table>_id_seq')`.
fn sequence(resource: &Resource) -> Sql {
    let mut sql = Sql::new();
    sql.raw("SELECT nextval(('\"").raw(resource.table.as_str()).raw("_id_seq\"')::regclass)");
    sql
}

/// An upsert that found its record is an update: what is set on create only is left as it is.
fn drop_create_only(batch: &mut Batch<'_>) {
    for node in batch.nodes.iter_mut().filter(|node| !node.creates) {
        let create_only = |access| matches!(access, Access::CreateOnly | Access::WriteOnce);
        for field in node.resource.fields.iter().filter(|field| create_only(field.access)) {
            node.values.remove(field.name);
        }
        for relation in node.resource.relations.iter().filter(|relation| create_only(relation.access)) {
            node.links.remove(relation.name);
        }
    }
}

/// The to-one at the other end of a to-many.
pub(super) fn inverse(owner: &'static Resource, relation: &Relation) -> Option<&'static Relation> {
    let Link::ToMany { column } = relation.link else { return None };
    relation
        .target
        .relations
        .iter()
        .find(|other| matches!(other.link, Link::ToOne { column: own, .. } if own == column) && other.target == owner)
}

/// A to-many that names a record of the request sets the to-one at that record. What the record itself, or another list,
/// says otherwise is a contradiction.
fn mirror_inverse_links(batch: &mut Batch<'_>) -> Vec<Error> {
    let mut mirrored = Vec::new();
    for (index, node) in batch.nodes.iter().enumerate() {
        for (name, linkage) in &node.links {
            let Some(inverse) = node.resource.relation(name).and_then(|relation| inverse(node.resource, relation))
            else {
                continue;
            };
            if !matches!(linkage, Linkage::Many(_) | Linkage::Add(_)) {
                continue;
            }
            for child in linkage.targets().iter().filter_map(|target| target.node) {
                mirrored.push((child, inverse.name, index, *name));
            }
        }
    }
    let mut errors = Vec::new();
    let mut listed: HashMap<(usize, &'static str), String> = HashMap::new();
    for (child, inverse, parent, list) in mirrored {
        let target = batch.nodes[parent].target(parent);
        let place = format!("{}/relationships/{list}/data", batch.nodes[parent].pointer);
        let node = &mut batch.nodes[child];
        let contradicts = |place: &str| {
            Error::request_data(format!("The link contradicts {place}, which links the entity with another one."))
        };
        match (listed.get(&(child, inverse)), node.one(inverse).flatten()) {
            (Some(other), Some(linked)) if linked.key != target.key => errors.push(contradicts(other).at(place)),
            (None, Some(linked)) if linked.key != target.key => {
                errors.push(node.at_relation(inverse, contradicts(&place)));
            }
            _ => {
                unions::point(node, inverse, target);
                listed.insert((child, inverse), place);
            }
        }
    }
    errors
}
