//! One row in `change` per record that a transaction created, updated or deleted: who, when, what, and whose it was.
//!
//! Set-based: one INSERT … SELECT per resource and action. Owner and business unit are read from the record itself,
//! after a write and before a delete; a part has its parent's. The same statement asks the observer's question.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types as st;
use uuid::Uuid;

use super::super::field::Access;
use super::super::key::Key;
use super::super::relation::wire_name;
use super::super::resource::{IdKind, Ident, Ownership, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::{Value, key_array};
use super::Batch;
use super::moves::{self, Former};
use super::per_resource::PerResource;
use super::{Action, Changed};
use crate::error::{Error, Errors};

type Fields = BTreeSet<&'static str>;
type Records = PerResource<(Key, Fields)>;

/// Whether records are locked while their change rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lock {
    /// They are locked already, or new.
    Held,
    /// Ids of change rows are drawn when nobody else changes the record any more: so rows of one record have their ids in
    /// the order of the commits, which the change feed relies on.
    Update,
    Delete,
}

/// Records what the batch created and updated. A record that was sent but is as it was leaves no row.
pub(super) fn record(batch: &mut Batch<'_>) -> Result<(), Errors> {
    moves::follow(batch)?;
    let mut created = PerResource::new();
    let mut updated: BTreeMap<(Option<Former>, Lock), Records> = BTreeMap::new();
    let mut update = |resource: &'static Resource, key: &Key, lock: Lock, fields: &Fields| {
        let former = batch.former.get(&(resource.name, key.clone())).map(|(_, former)| *former);
        if former.is_some() || lock == Lock::Update || !fields.is_empty() {
            let group = updated.entry((former, lock)).or_insert_with(PerResource::new);
            group.add(resource, (key.clone(), fields.clone()));
        }
    };
    for node in &batch.nodes {
        match node.creates {
            true => created.add(node.resource, (node.key.clone(), node.changed.clone())),
            false => update(node.resource, &node.key, Lock::Held, &node.changed),
        }
    }
    for ((_, key), touched) in &batch.touched {
        update(touched.resource, key, Lock::Update, &touched.fields);
    }
    for (resource, records) in created {
        insert(batch, resource, Action::Created, None, Lock::Held, &records)?;
    }
    for ((former, lock), groups) in updated {
        for (resource, records) in groups {
            insert(batch, resource, Action::Updated, former, lock, &records)?;
        }
    }
    Ok(())
}

/// Records what a statement of a rule made.
pub(super) fn record_made(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    keys: &[Key],
    fields: &[&'static str],
) -> Result<(), Errors> {
    if keys.is_empty() {
        return Ok(());
    }
    let fields: Fields = fields.iter().copied().collect();
    let records: Vec<(Key, Fields)> = keys.iter().map(|key| (key.clone(), fields.clone())).collect();
    insert(batch, resource, Action::Created, None, Lock::Held, &records)
}

/// Records what is about to be removed, while all of it is still there.
pub(super) fn record_removed(batch: &mut Batch<'_>, resource: &'static Resource, keys: &[Key]) -> Result<(), Errors> {
    let records: Vec<(Key, Fields)> = keys.iter().map(|key| (key.clone(), Fields::new())).collect();
    insert(batch, resource, Action::Deleted, None, Lock::Delete, &records)
}

fn insert(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    action: Action,
    former: Option<Former>,
    lock: Lock,
    records: &[(Key, Fields)],
) -> Result<(), Errors> {
    let (context, caller) = (batch.context, batch.context.caller);
    let keys: Vec<Key> = records.iter().map(|(key, _)| key.clone()).collect();
    let fields = records.iter().map(|(_, fields)| field_list(resource, fields)).collect();
    let told = context.server.told_as(resource);
    let changed = Changed { resource, action, keys: &keys };
    let watchers = context.observer.watchers(context, changed);
    let mut conditions = Conditions::new(caller);
    let mut sql = Sql::new();
    sql.raw(if watchers.is_some() { "WITH recorded AS (" } else { "" });
    sql.raw(
        "INSERT INTO change (organization_id, resource, record_id, action, fields, user_id, customer_user_id, client, owner_id, business_unit_id, moved, old_owner_id, old_business_unit_id, at) SELECT ",
    );
    sql.bind(Value::Integer(caller.organization)).raw(", ").bind(Value::Text(told.name.to_owned())).raw(", ");
    sql.column(0, resource.id.column).raw("::text");
    if let IdKind::Guid { suffix } = resource.id.kind {
        sql.raw(" || '-' || ").column(0, suffix);
    }
    sql.raw(", ").bind(Value::Text(action.word().to_owned())).raw(", f.fields::jsonb, ");
    sql.bind(Value::from(caller.user().map(|user| user.id))).raw(", ");
    sql.bind(Value::from(caller.customer_user().map(|user| user.id))).raw(", ");
    sql.bind(Value::Text(caller.client.clone())).raw(", ");
    owner(&mut sql, &mut conditions, told, 0, 0);
    sql.raw(if former.is_some() { ", TRUE, " } else { ", FALSE, " });
    sql.bind(Value::from(former.and_then(|former| former.user))).raw(", ");
    sql.bind(Value::from(former.and_then(|former| former.unit))).raw(", ").bind(Value::DateTime(batch.context.now));
    sql.raw(" FROM unnest(").bind(key_array(&keys)).raw(", ").bind(Value::Texts(fields));
    sql.raw(") AS f(id, fields) JOIN ").ident(resource.table).raw(" AS t0 ON ");
    sql.column(0, resource.id.column).raw(" = f.id WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    match lock {
        Lock::Held => {}
        Lock::Update => {
            sql.raw(" ORDER BY ").column(0, resource.id.column).raw(" FOR NO KEY UPDATE OF t0");
        }
        Lock::Delete => {
            sql.raw(" ORDER BY ").column(0, resource.id.column).raw(" FOR UPDATE OF t0");
        }
    }
    let Some(watchers) = watchers else {
        sql.execute(batch.conn)?;
        return Ok(());
    };
    sql.raw(") ").append(watchers);
    let watchers = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.get::<st::Uuid, Uuid>(0)?) })?;
    let watchers: Vec<Uuid> = watchers.into_iter().flatten().collect();
    if watchers.is_empty() {
        return Ok(());
    }
    context.observer.changed(batch.conn, context, changed, &watchers)
}

/// The members that changed, as the wire knows them: what only rules and rights know of has no name there.
fn field_list(resource: &Resource, fields: &Fields) -> String {
    let is_hidden = |name: &str| {
        resource.field(name).is_some_and(|field| field.access == Access::Hidden)
            || resource.relation(name).is_some_and(|relation| relation.hidden)
    };
    let shown: Fields = fields.iter().copied().map(wire_name).filter(|name| !is_hidden(name)).collect();
    serde_json::Value::from_iter(shown).to_string()
}

/// A chain of parts longer than this is a mistake in the descriptors.
const LONGEST_CHAIN: u8 = 4;

/// Two expressions: the owning user's id and the owning business unit's id of row `alias`; NULL where there is none.
pub(super) fn owner(
    sql: &mut Sql,
    conditions: &mut Conditions<'_>,
    resource: &'static Resource,
    alias: usize,
    depth: u8,
) {
    for wanted in [Owner::User, Owner::BusinessUnit] {
        if wanted == Owner::BusinessUnit {
            sql.raw(", ");
        }
        owner_expression(sql, conditions, resource, alias, wanted, depth);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Owner {
    User,
    BusinessUnit,
}

fn owner_expression(
    sql: &mut Sql,
    conditions: &mut Conditions<'_>,
    resource: &'static Resource,
    alias: usize,
    wanted: Owner,
    depth: u8,
) {
    let own: Option<Ident> = match (resource.ownership, wanted) {
        (Ownership::User(column), Owner::User) | (Ownership::BusinessUnit(column), Owner::BusinessUnit) => Some(column),
        _ => None,
    };
    if let Some(column) = own {
        sql.column(alias, column);
        return;
    }
    let parents: &[&str] = match resource.ownership {
        Ownership::Part(parents) if depth < LONGEST_CHAIN => parents,
        _ => &[],
    };
    let relations: Vec<_> = parents.iter().filter_map(|name| resource.relation(name)).collect();
    if relations.is_empty() {
        sql.raw("NULL::bigint");
        return;
    }
    sql.raw("COALESCE(NULL::bigint");
    for relation in relations {
        if relation.is_polymorphic() {
            continue;
        }
        // The far end is written first, since it hands out the alias that the expression needs.
        let mut rest = Sql::new();
        let parent = conditions.far_end(&mut rest, (resource, alias), relation, relation.target);
        sql.raw(", (SELECT ");
        owner_expression(sql, conditions, relation.target, parent, wanted, depth + 1);
        sql.raw(" FROM ").append(rest).raw(" LIMIT 1)");
    }
    sql.raw(")");
}
