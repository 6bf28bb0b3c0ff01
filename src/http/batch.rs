//! PATCH on a collection: many records in one request (contract 19).
//!
//! The body is stored while it comes in, whatever its size, and the answer is the asynchronous operation that will work it
//! off (202). With `X-Mode: sync` see [`sync`].

mod sync;

use std::sync::Arc;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LOCATION, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use diesel::pg::PgConnection;
use futures_util::StreamExt;

use super::answer::Answer;
use super::call::Call;
use super::idempotency::{Claim, Conditions, Fingerprint, Key as IdempotencyKey};
use super::transact::{Done, Work, transact};
use super::{limits, media_type, read};
use crate::acl::{self, Caller, Permission, authorize};
use crate::db::blocking;
use crate::engine::key::Key;
use crate::engine::load;
use crate::engine::plan::ReadPlan;
use crate::engine::query;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::engine::split::Format;
use crate::error::{Error, Errors, INVALID_HEADER, UNSUPPORTED_MEDIA_TYPE};
use crate::operation::body::{Encoding, Writer};
use crate::operation::quota::Owner;
use crate::operation::{self, NewOperation};
use crate::resources::system::ASYNC_OPERATION;

static MODE: HeaderName = HeaderName::from_static("x-mode");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Bytes of a body that are taken before they are unpacked and stored.
const STEP: usize = 256 * 1024;

/// The header `X-Mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Async,
    Sync,
}

/// What the body of a batch is, before it is read.
struct Head {
    resource: &'static Resource,
    format: Format,
    encoding: Encoding,
    key: Option<IdempotencyKey>,
}

/// Answers a batch.
pub async fn update_list(
    request: &HttpRequest,
    payload: Payload,
    call: Call,
    resource: &'static Resource,
    method: &Method,
) -> Result<HttpResponse, Errors> {
    let (mode, encoding) = (mode(request)?, encoding(request)?);
    let head = Head { resource, format: media_type::format(request), encoding, key: IdempotencyKey::of(request)? };
    operation::check_may_create(&call.caller)?;
    check_rights(resource, &call.caller)?;
    let query = read::query(request, &call, resource, query::ITEM)?;
    match mode {
        Mode::Sync => sync::run(request, payload, call, head, query, method).await,
        Mode::Async => accept(request, payload, call, head, method).await,
    }
}

/// Stores the body, and an operation for it.
async fn accept(
    request: &HttpRequest,
    mut payload: Payload,
    call: Call,
    head: Head,
    method: &Method,
) -> Result<HttpResponse, Errors> {
    let settings = &call.app.config.batch;
    limits::length(request, settings.body_limit)?;
    let mut fingerprint = Fingerprint::begin(request, &call, method);
    let mut writer = writer(&call, head.encoding);
    let mut waiting = Vec::with_capacity(STEP);
    while let Some(part) = payload.next().await {
        let part = part.map_err(|error| limits::unread(error.into(), &call.app.config.http))?;
        fingerprint.update(&part);
        waiting.extend_from_slice(&part);
        if waiting.len() >= STEP {
            let part = std::mem::replace(&mut waiting, Vec::with_capacity(STEP));
            writer = blocking(move || writer.take(&part).map(|()| writer)).await??;
        }
    }
    let writer = blocking(move || writer.take(&waiting).and_then(|()| writer.end()).map(|()| writer)).await??;
    let claim = head.key.map(|key| Claim::new(request, &call, key, fingerprint));
    let operation = serde_json::json!({"format": head.format});
    operate(&call, claim, Arc::new(writer), head.resource, operation).await
}

fn writer(call: &Call, encoding: Encoding) -> Writer {
    let (app, caller) = (&call.app, &call.caller);
    let owner = Owner { organization: caller.organization, client: caller.client.clone() };
    Writer::new(app.db.clone(), app.auth.server.clone(), owner, encoding, app.config.batch)
}

/// Makes the operation of a body that has come in, and answers with it. `form`: what the operation has to know of the body.
async fn operate(
    call: &Call,
    claim: Option<Claim>,
    body: Arc<Writer>,
    resource: &'static Resource,
    form: serde_json::Value,
) -> Result<HttpResponse, Errors> {
    let external_ids = Arc::ptr_eq(&call.registry, &call.app.external);
    let shown = call.registry.get(ASYNC_OPERATION.name).unwrap_or(&ASYNC_OPERATION);
    let (caller, view, media_type) = (call.caller.clone(), call.view.clone(), call.profile.media_type());
    let (stored, settings) = (body.clone(), call.app.config.batch);
    let work = Work::new(Conditions::default(), move |conn| {
        let body = stored.complete(conn)?;
        let operation = NewOperation { resource, external_ids, request: form.clone(), body };
        let id = Key::Integer(operation::create(conn, &caller, Utc::now(), &operation, &settings)?);
        let document = document(conn, &caller, &view, shown, &id)?;
        let answer = Answer::document(StatusCode::ACCEPTED, media_type, document);
        Ok(Done { answer: answer.with(CONTENT_LOCATION, &view.item(shown, &id)), rights_changed: false })
    });
    let answer = transact(call, claim, Ok(work)).await?;
    if answer.status() == StatusCode::ACCEPTED && !answer.headers().contains_key(&REPLAYED) {
        body.keep();
    }
    Ok(answer)
}

/// The operation as a GET would show it; its id alone to who may not see it.
fn document(
    conn: &mut PgConnection,
    caller: &Caller,
    view: &View,
    resource: &'static Resource,
    id: &Key,
) -> Result<Vec<u8>, Errors> {
    if let Ok(plan) = authorize(ReadPlan::item(resource, id), caller) {
        let frame = read::item_frame(view, resource);
        let document = load::document(conn, &plan, view, frame, &[])?;
        if document.facts.rows > 0 {
            return Ok(document.body);
        }
    }
    let identity = serde_json::json!({
        "jsonapi": {"version": "1.1"},
        "data": {"type": resource.name, "id": id.to_string()},
    });
    Ok(identity.to_string().into_bytes())
}

fn mode(request: &HttpRequest) -> Result<Mode, Error> {
    match request.headers().get(&MODE).map(|mode| mode.as_bytes()) {
        None | Some(b"async") => Ok(Mode::Async),
        Some(b"sync") => Ok(Mode::Sync),
        Some(_) => {
            let text = "The accepted values for the \"X-Mode\" are \"sync\" or \"async\".";
            Err(Error::new(&INVALID_HEADER, text).header("X-Mode"))
        }
    }
}

fn encoding(request: &HttpRequest) -> Result<Encoding, Error> {
    let mut given = request.headers().get_all(CONTENT_ENCODING);
    match (given.next().map(|encoding| encoding.as_bytes().to_ascii_lowercase()), given.next()) {
        (None, _) => Ok(Encoding::Identity),
        (Some(encoding), None) if encoding == b"identity" => Ok(Encoding::Identity),
        (Some(encoding), None) if encoding == b"gzip" || encoding == b"x-gzip" => Ok(Encoding::Gzip),
        _ => {
            let text = "The header \"Content-Encoding\" should be \"gzip\", or not be there.";
            Err(Error::new(&UNSUPPORTED_MEDIA_TYPE, text).header("Content-Encoding"))
        }
    }
}

/// Refuses who may write no record of the resource at all. Who may create but not update, or the other way round, learns of
/// each record what is wrong.
fn check_rights(resource: &'static Resource, caller: &Caller) -> Result<(), Error> {
    let writes = [(resource.actions.create, Permission::Create), (resource.actions.update, Permission::Edit)];
    let may = writes.iter().any(|(on, permission)| *on && acl::scope(resource, *permission, caller).is_some());
    if may { Ok(()) } else { Err(Error::no_access_to_type()) }
}
