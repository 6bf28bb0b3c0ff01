//! Changes as resource objects, and the documents they stand in.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::pg::PgConnection;
use serde_json::{Map, Value, json};

use super::asked::Asked;
use crate::acl::{self, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::load;
use crate::engine::predicate::Predicate;
use crate::engine::registry::Registry;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::Error;
use crate::feed::cursor;
use crate::feed::page::Change;
use crate::resources::{customer, system};

/// The type and the id of a record.
pub type Record = (String, String);

/// A change that is ready to be shown.
#[derive(Clone, Debug)]
pub struct Item {
    pub position: i64,
    object: Vec<u8>,
    /// What it leads to, if that was not deleted.
    record: Option<Record>,
}

/// Changes that are ready to be shown, and the records that go with them, as JSON.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    pub changes: Vec<Item>,
    records: BTreeMap<Record, Vec<u8>>,
}

/// Renders changes for a caller: who made them, as far as the caller may view it, and the records where they are wanted.
pub fn show(
    conn: &mut PgConnection,
    caller: &Caller,
    (registry, view): (&Registry, &View),
    asked: &Asked,
    changes: &[Change],
) -> Result<Shown, Error> {
    let users = visible(conn, caller, &system::USER, changes.iter().filter_map(|change| change.user))?;
    let customer_users =
        visible(conn, caller, &customer::CUSTOMER_USER, changes.iter().filter_map(|change| change.customer_user))?;
    let objects = changes.iter().map(|change| {
        let who = |ids: &HashSet<i64>, kind: &str, id: Option<i64>| {
            id.filter(|id| ids.contains(id)).map(|id| json!({"type": kind, "id": id.to_string()}))
        };
        let user = who(&users, "users", change.user);
        let customer_user = who(&customer_users, "customerusers", change.customer_user);
        let object = object(caller.organization, change, user, customer_user, asked.members.as_deref());
        let record = (change.action != DELETED).then(|| (change.resource.clone(), change.record.clone()));
        Item { position: change.position, object, record }
    });
    let changes: Vec<_> = objects.collect();
    let records =
        if asked.include { records(conn, caller, (registry, view), asked, &changes)? } else { BTreeMap::new() };
    Ok(Shown { changes, records })
}

const DELETED: &str = "deleted";

fn object(
    organization: i64,
    change: &Change,
    user: Option<Value>,
    customer_user: Option<Value>,
    members: Option<&[String]>,
) -> Vec<u8> {
    let wanted = |name: &&str| members.is_none_or(|members| members.iter().any(|member| member == name));
    let deleted = change.action == DELETED;
    // What was changed when a record left the caller's view is no longer the caller's to know.
    let fields = if deleted { json!([]) } else { serde_json::from_str(change.fields.get()).unwrap_or_default() };
    let attributes = [
        ("resourceType", json!(change.resource)),
        ("resourceId", json!(change.record)),
        ("action", json!(change.action)),
        ("fields", fields),
        ("changedAt", json!(change.at.format("%Y-%m-%dT%H:%M:%SZ").to_string())),
        ("client", json!(change.client)),
    ];
    let record = (!deleted).then(|| json!({"type": change.resource, "id": change.record}));
    let relationships = [("resource", record), ("user", user), ("customerUser", customer_user)];
    let attributes: Map<String, Value> =
        attributes.into_iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.to_owned(), value)).collect();
    let relationships: Map<String, Value> = relationships
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, data)| (name.to_owned(), json!({"data": data})))
        .collect();
    let mut object = json!({
        "type": "changes",
        "id": change.position.to_string(),
        "meta": {"page": {"cursor": cursor::encode(organization, change.position)}},
    });
    if !attributes.is_empty() {
        object["attributes"] = Value::Object(attributes);
    }
    if !relationships.is_empty() {
        object["relationships"] = Value::Object(relationships);
    }
    object.to_string().into_bytes()
}

/// Those of the records that the caller may view.
fn visible(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    ids: impl Iterator<Item = i64>,
) -> Result<HashSet<i64>, Error> {
    let ids: HashSet<i64> = ids.collect();
    match acl::scope(resource, Permission::View, caller) {
        _ if ids.is_empty() => Ok(ids),
        None => Ok(HashSet::new()),
        Some(Predicate::True) => Ok(ids),
        Some(_) => {
            let keys: Vec<Key> = ids.into_iter().map(Key::Integer).collect();
            let allowed = acl::allowed_keys(conn, caller, resource, Permission::View, &keys)?;
            Ok(allowed.into_iter().filter_map(|key| if let Key::Integer(id) = key { Some(id) } else { None }).collect())
        }
    }
}

/// The records of the changes as they are now: one statement for each type.
fn records(
    conn: &mut PgConnection,
    caller: &Caller,
    (registry, view): (&Registry, &View),
    asked: &Asked,
    changes: &[Item],
) -> Result<BTreeMap<Record, Vec<u8>>, Error> {
    let mut wanted: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
    for (name, id) in changes.iter().filter_map(|item| item.record.as_ref()) {
        let key = registry.get(name).and_then(|resource| Key::parse(resource.id.kind, id).ok());
        wanted.entry(name).or_default().extend(key);
    }
    let mut records = BTreeMap::new();
    for (name, keys) in wanted {
        let Some(resource) = registry.get(name) else { continue };
        let keys: Vec<Key> = keys.into_iter().collect();
        for (key, object) in load::objects(conn, caller, asked.shapes.of(resource), &keys, view)? {
            records.insert((name.to_owned(), key.to_string()), object);
        }
    }
    Ok(records)
}

impl Shown {
    /// The document of a page.
    pub fn document(&self, include: bool, links: &[(&str, String)], meta: &Value) -> Vec<u8> {
        let mut body = b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":[".to_vec();
        join(&mut body, self.changes.iter().map(|item| item.object.as_slice()));
        body.push(b']');
        if include {
            body.extend_from_slice(b",\"included\":[");
            join(&mut body, self.records.values().map(Vec::as_slice));
            body.push(b']');
        }
        if !links.is_empty() {
            let links: Map<String, Value> =
                links.iter().map(|(name, url)| ((*name).to_owned(), Value::String(url.clone()))).collect();
            body.extend_from_slice(b",\"links\":");
            body.extend_from_slice(Value::Object(links).to_string().as_bytes());
        }
        body.extend_from_slice(b",\"meta\":");
        body.extend_from_slice(meta.to_string().as_bytes());
        body.push(b'}');
        body
    }

    /// The document of one change.
    pub fn single(&self, place: usize, include: bool) -> Vec<u8> {
        let mut body = b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":".to_vec();
        let Some(Item { object, record, .. }) = self.changes.get(place) else { return Vec::new() };
        body.extend_from_slice(object);
        if include {
            body.extend_from_slice(b",\"included\":[");
            join(&mut body, record.iter().filter_map(|record| self.records.get(record)).map(Vec::as_slice));
            body.push(b']');
        }
        body.push(b'}');
        body
    }
}

fn join<'o>(body: &mut Vec<u8>, objects: impl Iterator<Item = &'o [u8]>) {
    for (index, object) in objects.enumerate() {
        body.extend_from_slice(if index > 0 { b"," } else { b"" });
        body.extend_from_slice(object);
    }
}
