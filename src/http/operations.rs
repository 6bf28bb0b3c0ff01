//! POST on `/operations`: the extension of JSON:API for atomic operations. All are done in one transaction, or none.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use percent_encoding::percent_decode_str;

use super::answer::Answer;
use super::call::Call;
use super::idempotency::{Conditions, Right};
use super::place::{self, Place};
use super::transact::{Done, Work};
use crate::acl::{Caller, Permission};
use crate::engine::document::atomic::{self, Action, Name, Target};
use crate::engine::input::without_nul;
use crate::engine::registry::Registry;
use crate::engine::resource::Ownership;
use crate::engine::write::atomic as engine;
use crate::error::{Error, Errors};

/// What a request of operations asks for, as work that only needs a transaction.
pub fn plan(request: &HttpRequest, call: &Call, body: &Bytes) -> Result<Work, Errors> {
    refuse_parameters(request.query_string())?;
    let locate = |url: &str| locate(&call.registry, &call.caller, &call.view.base, url);
    let operations = atomic::parse(body, &call.registry, call.app.config.limits.operations, locate)?;
    let (app, caller, view) = (call.app.clone(), call.caller.clone(), call.view.clone());
    let media_type = call.profile.media_type();
    let rights = operations.iter().map(|operation| right(&operation.action)).collect();
    Ok(Work::new(Conditions { rights, trial: false }, move |conn| {
        let done = engine::run(conn, app.write_context(&caller), &view, &operations)?;
        if done.results.iter().all(Option::is_none) {
            return Ok(Done::silently(done.rights_changed));
        }
        let answer = Answer::document(StatusCode::OK, media_type, document(done.results));
        Ok(Done { answer, rights_changed: done.rights_changed })
    }))
}

/// What an operation needs.
fn right(action: &Action) -> Right {
    match action {
        Action::Add(object)
            if object.options.upsert.is_some() || matches!(object.resource.ownership, Ownership::Part(_)) =>
        {
            Right::Save(object.resource)
        }
        Action::Add(object) => Right::Type(object.resource, Permission::Create),
        Action::Update(target, _) | Action::Relate { target, .. } => Right::Type(target.resource, Permission::Edit),
        Action::Remove(target) => Right::Type(target.resource, Permission::Delete),
    }
}

fn refuse_parameters(query: &str) -> Result<(), Errors> {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let refused = parameters.map(|parameter| {
        let key = parameter.split('=').next().unwrap_or_default();
        let key = without_nul(&percent_decode_str(key).decode_utf8_lossy());
        Error::filter("The filter is not supported.").parameter(key)
    });
    Errors::check(refused.collect())
}

fn document(results: Vec<Option<Vec<u8>>>) -> Vec<u8> {
    let mut document = b"{\"jsonapi\":{\"version\":\"1.1\",\"ext\":[\"".to_vec();
    document.extend_from_slice(atomic::EXTENSION.as_bytes());
    document.extend_from_slice(b"\"]},\"atomic:results\":[");
    for (index, result) in results.into_iter().enumerate() {
        document.extend_from_slice(if index > 0 { b",{" } else { b"{" });
        if let Some(object) = result {
            document.extend_from_slice(b"\"data\":");
            document.extend_from_slice(&object);
        }
        document.push(b'}');
    }
    document.extend_from_slice(b"]}");
    document
}

/// What the URL of an operation names: absolute, from the root of the server, or from the root of the API.
fn locate(registry: &Registry, caller: &Caller, base: &str, url: &str) -> Result<atomic::Place, Error> {
    let below = |root: &str| url.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
    let path = below(base).or_else(|| below(&registry.root)).unwrap_or_else(|| url.trim_start_matches('/'));
    let target = |resource, key| Target { resource, name: Name::Id(key) };
    match place::route(registry, path, true)?.of_caller(caller)? {
        Place::Collection(resource) => Ok(atomic::Place::Collection(resource)),
        Place::Item(resource, key) => Ok(atomic::Place::Record(target(resource, key))),
        Place::Relationship(resource, key, relation) => {
            Ok(atomic::Place::Relationship(target(resource, key), relation))
        }
        Place::Singleton(_)
        | Place::SubResource(..)
        | Place::BelowOperation(..)
        | Place::Command(..)
        | Place::Operations
        | Place::Changes => {
            let text = "The URL of an operation should be that of a collection, a record or a relationship";
            Err(Error::request_data(text))
        }
    }
}
