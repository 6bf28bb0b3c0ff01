//! A plan → a [`Batch`]: records to update are locked and read, upserts look for theirs, ids are drawn, references are
//! checked to exist and to be visible. One statement per resource and purpose, whatever the number of records.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use diesel::pg::PgConnection;

use super::super::key::Key;
use super::super::predicate::Predicate;
use super::super::relation::{Link, Relation};
use super::super::resource::{IdKind, Ownership, Resource};
use super::super::row::Row;
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::{Value, key_array};
use super::per_resource::PerResource;
use super::plan::{Draft, DraftLinkage, Match, Operation, Reference, WritePlan};
use super::{Batch, Context, Linkage, Node, Stored, Target, ancestors, parts, unions, upsert};
use crate::acl::{self, Permission};
use crate::error::{ACCESS_GRANTED, ENTITY, Error, Errors};

/// A record found for an update.
pub(super) struct Found {
    pub stored: Stored,
    /// Whether the caller has the permission asked for.
    pub allowed: bool,
}

/// Makes the batch of a plan.
pub(super) fn resolve<'a>(
    conn: &'a mut PgConnection,
    context: Context<'a>,
    plan: WritePlan,
) -> Result<Batch<'a>, Errors> {
    let mut batch = Batch::new(conn, context);
    let mut drafts = plan.drafts;
    let mut found: Vec<Option<(Key, Stored)>> = Vec::new();
    found.resize_with(drafts.len(), || None);
    upsert::take_turns(&mut batch, &drafts)?;
    lock_updates(&mut batch, &drafts, &mut found)?;
    upsert::find(&mut batch, &drafts, &mut found)?;
    parts::match_existing(&mut batch, &drafts, &mut found)?;
    refuse_duplicates(&drafts, &found)?;
    let keys = keys(&mut batch, &drafts, &found)?;
    for (index, draft) in drafts.iter_mut().enumerate() {
        let stored = found[index].take().map(|(_, stored)| stored);
        let links = std::mem::take(&mut draft.links)
            .into_iter()
            .map(|(name, linkage)| (name, linkage_of(linkage, &keys)))
            .collect();
        batch.nodes.push(Node {
            resource: draft.resource,
            creates: stored.is_none(),
            key: keys[index].1.clone(),
            pointer: std::mem::take(&mut draft.pointer),
            label: draft.label.take(),
            values: std::mem::take(&mut draft.values),
            links,
            stored: stored.unwrap_or_default(),
            upserts: matches!(draft.operation, Operation::Upsert(_)),
            implied: false,
            changed: BTreeSet::new(),
        });
    }
    drop_create_only(&mut batch);
    unions::spread(&mut batch);
    mirror_inverse_links(&mut batch);
    check_references(&mut batch)?;
    Ok(batch)
}

/// Two objects of a request may not mean one record.
fn refuse_duplicates(drafts: &[Draft], found: &[Option<(Key, Stored)>]) -> Result<(), Errors> {
    let meaning = |index: usize| match &found[index] {
        Some((key, _)) => Some(key.to_string()),
        None => upsert::key_text(&drafts[index]),
    };
    let mut first: HashMap<(&'static str, bool, String), usize> = HashMap::new();
    let mut errors = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let Some(text) = meaning(index) else { continue };
        match first.entry((draft.resource.name, found[index].is_some(), text)) {
            Entry::Occupied(other) => errors.push(Error::duplicate_item(*other.get()).at(&draft.pointer)),
            Entry::Vacant(place) => {
                place.insert(index);
            }
        }
    }
    Errors::check(errors)
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

/// Locks the records that the request updates by id.
fn lock_updates(batch: &mut Batch<'_>, drafts: &[Draft], found: &mut [Option<(Key, Stored)>]) -> Result<(), Errors> {
    let mut wanted = PerResource::new();
    for (index, draft) in drafts.iter().enumerate() {
        let (key, must_exist) = match &draft.operation {
            Operation::Update(key) => (key, true),
            Operation::Upsert(Match::Id(key)) | Operation::Create(Some(key)) => (key, false),
            _ => continue,
        };
        wanted.add(draft.resource, (index, key.clone(), must_exist));
    }
    let mut wanted = wanted.into_vec();
    wanted.sort_by_key(|(resource, _)| ancestors::depth(resource));
    let mut errors = Vec::new();
    for (resource, list) in wanted {
        let keys: Vec<Key> = list.iter().map(|(_, key, _)| key.clone()).collect();
        ancestors::lock(batch.conn, batch.context, resource, &keys)?;
        let mut rows = lock(batch.conn, batch.context, resource, Permission::Edit, &keys)?;
        for (index, key, must_exist) in list {
            let draft = &drafts[index];
            match rows.remove(&key) {
                Some(_) if matches!(draft.operation, Operation::Create(_)) => {
                    let place = format!("{}/id", draft.pointer);
                    errors.push(Error::conflict("The entity already exists.").at(place));
                }
                Some(row) if row.allowed => found[index] = Some((key, row.stored)),
                Some(_) => errors.push(place(Error::no_access(), index, draft)),
                None if must_exist && index == 0 => errors.push(Error::not_found()),
                None if must_exist => {
                    errors.push(Error::new(&ENTITY, "The entity does not exist.").at(&draft.pointer));
                }
                None => {}
            }
        }
    }
    Errors::check(errors)
}

/// An error at a record of the request; the primary one needs no pointer.
pub(super) fn place(error: Error, index: usize, draft: &Draft) -> Error {
    if index == 0 { error } else { error.at(&draft.pointer) }
}

/// Locks records and reads what a write may compare: fields, to-one links, and whether `permission` is held.
pub(super) fn lock(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    permission: Permission,
    keys: &[Key],
) -> Result<HashMap<Key, Found>, Error> {
    let mut sql = select_stored(context, resource, permission);
    sql.raw(" AND t0.").ident(resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    // Always in the same order, so that two requests on the same records wait instead of deadlocking.
    sql.raw(" ORDER BY t0.").ident(resource.id.column).raw(" FOR UPDATE OF t0");
    let rows = sql.collect(conn, |row| read_stored(row, resource))?;
    // A composite id whose suffix differs names no record.
    Ok(rows.into_iter().filter(|(key, _)| keys.contains(key)).collect())
}

/// `SELECT id, allowed, fields, to-one links FROM table WHERE organization`.
pub(super) fn select_stored(context: Context<'_>, resource: &'static Resource, permission: Permission) -> Sql {
    let mut conditions = Conditions::new(context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(", ");
    push_allowed(&mut sql, &mut conditions, resource, permission);
    for field in resource.fields {
        sql.raw(", t0.").ident(field.column);
    }
    for (_, column) in to_ones(resource) {
        sql.raw(", t0.").ident(column);
    }
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    sql
}

/// Whether the caller has the permission on row `t0`, as an expression.
fn push_allowed(sql: &mut Sql, conditions: &mut Conditions<'_>, resource: &'static Resource, permission: Permission) {
    let scope = acl::scope(resource, permission, conditions.caller).unwrap_or(Predicate::False);
    conditions.condition(sql, resource, 0, &scope);
}

pub(super) fn read_stored(row: &Row<'_>, resource: &'static Resource) -> Result<(Key, Found), Error> {
    let key = row.key(0, resource.id.kind)?.ok_or_else(|| Error::internal("a row without an id"))?;
    let mut place = key_width(resource);
    let allowed = row.boolean(place)?.unwrap_or(false);
    let mut stored = Stored::default();
    for field in resource.fields {
        place += 1;
        stored.values.insert(field.name, row.value(place, field.kind.storage())?);
    }
    for (relation, _) in to_ones(resource) {
        place += 1;
        stored.links.insert(relation.name, row.key(place, relation.target.id.kind)?);
    }
    Ok((key, Found { stored, allowed }))
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

/// How many columns the id takes in a SELECT.
pub(super) fn key_width(resource: &Resource) -> usize {
    if matches!(resource.id.kind, IdKind::Guid { .. }) { 2 } else { 1 }
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
        let create_only = |access| access == super::super::field::Access::CreateOnly;
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

/// A to-many that names a record of the request sets the to-one at that record.
fn mirror_inverse_links(batch: &mut Batch<'_>) {
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
                mirrored.push((child, inverse.name, node.target(index)));
            }
        }
    }
    for (child, name, target) in mirrored {
        unions::point(&mut batch.nodes[child], name, target);
    }
}

/// Every record that is referred to but not written here has to exist and be visible to the caller.
fn check_references(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let mut held: HashMap<(&'static str, Permission, Key), bool> = HashMap::new();
    for permission in [Permission::View, Permission::Edit] {
        let mut wanted = PerResource::new();
        for (node, relation, linkage) in stated_links(&batch.nodes) {
            if permission == Permission::View || changes_target(node, relation) {
                for target in linkage.targets().iter().filter(|target| target.node.is_none()) {
                    wanted.add(target.resource, target.key.clone());
                }
            }
        }
        for (resource, keys) in wanted {
            let keys: Vec<Key> = keys.into_iter().collect::<BTreeSet<Key>>().into_iter().collect();
            for (key, allowed) in existing(batch.conn, batch.context, resource, permission, &keys)? {
                held.insert((resource.name, permission, key), allowed);
            }
        }
    }
    let mut errors = Vec::new();
    for (node, relation, linkage) in stated_links(&batch.nodes) {
        for (index, target) in linkage.targets().iter().enumerate().filter(|(_, target)| target.node.is_none()) {
            let holds = |permission| held.get(&(target.resource.name, permission, target.key.clone())).copied();
            let error = match holds(Permission::View) {
                Some(true) if !changes_target(node, relation) => continue,
                Some(true) if holds(Permission::Edit) == Some(true) => continue,
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
    Errors::check(errors)
}

/// Every link that a request states, but for what it takes out: taking out what is not there is not an error. What several
/// relationships hold is looked at as the one that the request knows.
fn stated_links(nodes: &[Node]) -> impl Iterator<Item = (&Node, &'static Relation, &Linkage)> {
    nodes.iter().flat_map(|node| {
        node.links.iter().filter_map(move |(name, linkage)| {
            let relation = node.resource.relation(name)?;
            let stated = relation.wire_name() == *name || !node.links.contains_key(relation.wire_name());
            (stated && !matches!(linkage, Linkage::Remove(_))).then_some((node, relation, linkage))
        })
    })
}

/// Whether to link a record is to change it: its foreign key is written, or it becomes a part here. That takes EDIT on
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
            relation.cascade || is_part_of(relation.target, node.resource) || is_part_of(node.resource, relation.target)
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
) -> Result<Vec<(Key, bool)>, Error> {
    let mut conditions = Conditions::new(context.caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ").key_columns(0, resource).raw(", ");
    push_allowed(&mut sql, &mut conditions, resource, permission);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND t0.").ident(resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let width = key_width(resource);
    sql.collect(conn, |row| {
        let key = row.key(0, resource.id.kind)?.ok_or_else(|| Error::internal("a row without an id"))?;
        Ok((key, row.boolean(width)?.unwrap_or(false)))
    })
}
