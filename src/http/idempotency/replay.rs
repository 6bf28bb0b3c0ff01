//! What a caller still has to have before the answer of an earlier request is given again: the rights that the request
//! needs, and for each record that the answer shows the right to view it as it is now.

use std::collections::{HashMap, HashSet};

use actix_web::http::header::ETAG;
use diesel::pg::PgConnection;
use serde_json::Value as Json;

use crate::acl::{self, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::error::{Error, Errors};
use crate::http::answer::Answer;

/// What is looked at before an answer is given again.
#[derive(Default)]
pub struct Conditions {
    pub rights: Vec<Right>,
    /// The request only validated: the record that its answer shows was never there.
    pub trial: bool,
}

/// A right that a request needs.
pub enum Right {
    /// A permission for some records of the type.
    Type(&'static Resource, Permission),
    /// CREATE or EDIT, for some records of the type: which of them shows when the record is looked for.
    Save(&'static Resource),
    /// EDIT on the record, whose answer is not a document of it.
    Command(&'static Resource, Key),
}

impl Right {
    fn check(&self, conn: &mut PgConnection, caller: &Caller) -> Result<(), Error> {
        let may = |resource, permission| acl::scope(resource, permission, caller).is_some();
        match self {
            Right::Type(resource, permission) if may(resource, *permission) => Ok(()),
            Right::Save(resource) if may(resource, Permission::Create) || may(resource, Permission::Edit) => Ok(()),
            Right::Type(..) | Right::Save(_) => Err(Error::no_access_to_type()),
            Right::Command(resource, key) => {
                if !may(resource, Permission::Edit) {
                    return Err(Error::no_access_to_parent_type());
                }
                let keys = std::slice::from_ref(key);
                if acl::allowed_keys(conn, caller, resource, Permission::Edit, keys)?.contains(key) {
                    return Ok(());
                }
                let exists = !acl::existing_keys(conn, caller, resource, keys)?.is_empty();
                Err(if exists { Error::no_access_to_parent() } else { Error::no_parent() })
            }
        }
    }
}

impl Conditions {
    pub fn need(right: Right) -> Conditions {
        Conditions { rights: vec![right], trial: false }
    }

    /// The answer as the caller may see it now. Of a record that is hidden or gone it tells type and id, no more.
    ///
    /// Errors: 403 when a right is lost.
    pub fn apply(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        registry: &Registry,
        answer: Answer,
    ) -> Result<Answer, Errors> {
        // A refusal shows nothing but itself.
        if !answer.status.is_success() {
            return Ok(answer);
        }
        self.rights.iter().try_for_each(|right| right.check(conn, caller))?;
        if self.trial || answer.body.is_empty() {
            return Ok(answer);
        }
        let mut document: Json = serde_json::from_slice(&answer.body).map_err(Error::internal)?;
        let seen = seen(conn, caller, registry, &mut document)?;
        let is_seen = |object: &Json| name(object).is_some_and(|name| seen.contains(&name));
        let mut whole = true;
        for object in primary(&mut document) {
            if !is_seen(object) {
                whole = false;
                identify(object);
            }
        }
        if let Some(Json::Array(included)) = document.get_mut("included") {
            let all = included.len();
            included.retain(is_seen);
            whole &= included.len() == all;
        }
        if whole {
            return Ok(answer);
        }
        let headers = answer.headers.into_iter().filter(|(name, _)| *name != ETAG).collect();
        Ok(Answer { headers, body: document.to_string().into_bytes(), ..answer })
    }
}

/// Type and id.
type Name = (String, String);

fn name(object: &Json) -> Option<Name> {
    Some((object.get("type")?.as_str()?.to_owned(), object.get("id")?.as_str()?.to_owned()))
}

/// The records that a document is about, those of the results of atomic operations among them.
fn primary(document: &mut Json) -> Vec<&mut Json> {
    let Some(members) = document.as_object_mut() else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("data", Json::Array(objects)) => found.extend(objects),
            ("data", object @ Json::Object(_)) => found.push(object),
            ("atomic:results", Json::Array(results)) => {
                found.extend(results.iter_mut().filter_map(|result| result.get_mut("data")));
            }
            _ => {}
        }
    }
    found
}

/// Leaves what names the record to the request that has written it.
fn identify(object: &mut Json) {
    if let Json::Object(members) = object {
        members.retain(|name, _| matches!(name.as_str(), "type" | "id" | "meta"));
    }
}

/// Which of the records that a document shows the caller may view.
fn seen(
    conn: &mut PgConnection,
    caller: &Caller,
    registry: &Registry,
    document: &mut Json,
) -> Result<HashSet<Name>, Error> {
    let mut shown: Vec<Name> = primary(document).into_iter().filter_map(|object| name(object)).collect();
    if let Some(Json::Array(included)) = document.get("included") {
        shown.extend(included.iter().filter_map(name));
    }
    let mut by_type: HashMap<String, HashMap<Key, String>> = HashMap::new();
    for (kind, id) in shown {
        let Some(resource) = registry.get(&kind) else { continue };
        if let Ok(key) = Key::parse(resource.id.kind, &id) {
            by_type.entry(kind).or_default().insert(key, id);
        }
    }
    let mut seen = HashSet::new();
    for (kind, mut ids) in by_type {
        let Some(resource) = registry.get(&kind) else { continue };
        let keys: Vec<Key> = ids.keys().cloned().collect();
        let allowed = acl::allowed_keys(conn, caller, resource, Permission::View, &keys)?;
        seen.extend(allowed.iter().filter_map(|key| Some((kind.clone(), ids.remove(key)?))));
    }
    Ok(seen)
}
