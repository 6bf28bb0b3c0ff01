//! A stored chunk → records of the engine → what became of them.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use serde_json::{Map, Value as Json};

use super::results::{Results, Sent};
use super::{Operation, included};
use crate::app::App;
use crate::engine::document::item::Item;
use crate::engine::document::{Identifiers, ResourceObject, Upsert};
use crate::engine::key::Key;
use crate::engine::split::{self, RawItem};
use crate::engine::sql;
use crate::engine::write::chunk::{Chunk, Outcome, WrittenChunk, write_all, write_chunk};
use crate::engine::write::{Context, Fate, Record};
use crate::error::{Error, Errors, Source};

/// Writes the records of a chunk. The answer: what became of them, and whether rights of callers have changed.
pub fn records(
    conn: &mut PgConnection,
    context: Context<'_>,
    app: &App,
    operation: &Operation,
    chunk: &split::Chunk,
) -> Result<(Results, bool), Errors> {
    let (registry, resource) = (operation.registry(app), operation.resource(app)?);
    let written_before = included::claim(conn, operation, chunk)?;
    let primary = |raw: &RawItem| match raw.json() {
        Ok(json) => Item::primary(registry, resource, raw.index, &json),
        Err(error) => broken(format!("/data/{}", raw.index), error),
    };
    let mut request = Chunk { primary: chunk.data.iter().map(primary).collect(), ..Chunk::default() };
    let mut places = Vec::with_capacity(chunk.included.len());
    for raw in &chunk.included {
        let item = match raw.json() {
            Ok(json) => Item::included(registry, raw.index, &json),
            Err(error) => broken(format!("/included/{}", raw.index), error),
        };
        if let (Some(id), Some(object)) = (written_before.get(&raw.index), &item.object)
            && let Some(label) = &object.id
        {
            let key = Key::parse(object.resource.id.kind, id)?;
            request.made.insert((object.resource.name, label.clone()), key);
            continue;
        }
        places.push((raw.index, raw.shared));
        request.included.push(item);
    }
    let written = match operation.is_atomic() {
        true => all_or_none(conn, context, &request)?,
        false => write_chunk(conn, context, &request)?,
    };
    let mut results = Results::default();
    for ((raw, item), outcome) in chunk.data.iter().zip(&request.primary).zip(&written.primary) {
        results.push(raw.index, item.object.as_ref().map(|object| sent(app, object)).unwrap_or_default(), outcome);
    }
    // A failed record that is sent again names what others have made of its included records.
    let any_failed = results.counts().failed > 0;
    let made: HashMap<usize, String> = places
        .into_iter()
        .zip(&written.included)
        .filter(|((_, shared), _)| *shared || any_failed)
        .filter_map(|((index, _), outcome)| Some((index, key(outcome)?.to_string())))
        .collect();
    included::written(conn, operation, &made)?;
    Ok((results, written.rights_changed))
}

/// The records of a synchronous request that took too long are still written together, or not at all.
fn all_or_none(conn: &mut PgConnection, context: Context<'_>, request: &Chunk) -> Result<WrittenChunk, Errors> {
    match sql::transaction(conn, |conn| write_all(conn, context, request)) {
        Ok(written) => {
            let outcome = |record: &Record| match record.fate {
                Fate::Created => Outcome::Created(record.key.clone()),
                Fate::Updated => Outcome::Updated(record.key.clone()),
                Fate::Unchanged => Outcome::Unchanged(record.key.clone()),
            };
            let mut primary: Vec<Outcome> = written.records.iter().map(outcome).collect();
            let included = primary.split_off(request.primary.len().min(primary.len()));
            Ok(WrittenChunk { primary, included, rights_changed: written.rights_changed })
        }
        Err(errors) if errors.status() >= 500 => Err(errors),
        Err(errors) => {
            let mut failures: Vec<Vec<Error>> = request.primary.iter().map(|_| Vec::new()).collect();
            for error in errors.0 {
                let own = request.primary.iter().position(|item| points_into(&error, &item.pointer)).unwrap_or(0);
                failures.get_mut(own).into_iter().for_each(|failures| failures.push(error.clone()));
            }
            let failed = |errors| Outcome::Failed(Errors(errors));
            let primary = failures.into_iter().map(failed).collect();
            let included = request.included.iter().map(|_| failed(Vec::new())).collect();
            Ok(WrittenChunk { primary, included, rights_changed: false })
        }
    }
}

fn points_into(error: &Error, place: &str) -> bool {
    let Some(Source::Pointer(pointer)) = &error.source else { return false };
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn broken(pointer: String, error: Error) -> Item {
    Item { errors: vec![error.at(&pointer)], object: None, pointer }
}

fn key(outcome: &Outcome) -> Option<&Key> {
    match outcome {
        Outcome::Created(key) | Outcome::Updated(key) | Outcome::Unchanged(key) => Some(key),
        Outcome::Failed(_) => None,
    }
}

fn sent(app: &App, object: &ResourceObject) -> Sent {
    Sent { id: object.id.clone(), external_key: external_key(app, object) }
}

/// The values of the members that the upsert finds the record by; else that of its external id. What is named as a key and
/// is none might be a password.
fn external_key(app: &App, object: &ResourceObject) -> Option<Json> {
    let is_key = |named: &[String]| {
        let keys = object.resource.unique.iter().filter(|key| key.upsert && key.members.len() == named.len());
        keys.clone().any(|key| key.members.iter().all(|member| named.iter().any(|name| name == member)))
    };
    let members: Vec<&str> = match &object.options.upsert {
        Some(Upsert::Members(members)) if is_key(members) => members.iter().map(String::as_str).collect(),
        Some(Upsert::Members(_)) => return None,
        _ => {
            let external = app.external.get(object.resource.name)?;
            vec![external.external_id()?.name]
        }
    };
    let value = |member: &&str| match object.attributes.get(*member) {
        Some(value) => Some(value.clone()),
        None => {
            let linkage = object.relationships.iter().find(|(name, _)| name == member).map(|(_, linkage)| linkage)?;
            match linkage {
                Identifiers::One(Some(identifier)) => Some(Json::String(identifier.id.clone())),
                _ => None,
            }
        }
    };
    let values: Map<String, Json> =
        members.iter().filter_map(|member| Some(((*member).to_owned(), value(member)?))).collect();
    (!values.is_empty()).then_some(Json::Object(values))
}
