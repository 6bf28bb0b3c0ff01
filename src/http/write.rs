//! POST, PATCH and DELETE: body → plan → one transaction, in which the answer is rendered before it commits.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use diesel::Connection;
use diesel::pg::PgConnection;

use super::call::Call;
use super::etag::{self, Precondition};
use super::media_type::Profile;
use super::place::Place;
use super::{limits, metrics, read};
use crate::acl::{Caller, authorize};
use crate::app::App;
use crate::db::Failure;
use crate::engine::document;
use crate::engine::key::Key;
use crate::engine::load::{self, Extra, Frame};
use crate::engine::plan::ReadPlan;
use crate::engine::query::{self, Query};
use crate::engine::relation::Relation;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::engine::write::plan::{Made, Route, WritePlan};
use crate::engine::write::relationship::{self, Change, on_route};
use crate::engine::write::{self as engine, Context, Written};
use crate::error::{Error, Errors, NO_RELATED, NOT_FOUND, RELATED_NOT_FOUND};

/// Answers a write.
pub async fn write(
    request: &HttpRequest,
    payload: Payload,
    call: Call,
    place: Place,
    method: &Method,
) -> Result<HttpResponse, Errors> {
    let body = limits::body(payload, &call.app.config.http).await?;
    let profile = call.profile;
    let start = Instant::now();
    let answer = dispatch(request, call, place, method, body).await;
    metrics::stage("write", start.elapsed());
    answer.map_err(|errors| by_profile(errors, profile))
}

/// In the strict profile the specification's 404 for a related record that does not exist, instead of the contract's 400.
pub(super) fn by_profile(errors: Errors, profile: Profile) -> Errors {
    if !profile.strict {
        return errors;
    }
    let strict = |mut error: Error| {
        if error.code == &NO_RELATED {
            error.code = &RELATED_NOT_FOUND;
        }
        error
    };
    Errors(errors.0.into_iter().map(strict).collect())
}

async fn dispatch(
    request: &HttpRequest,
    call: Call,
    place: Place,
    method: &Method,
    body: Bytes,
) -> Result<HttpResponse, Errors> {
    match place {
        Place::Collection(resource) if method == Method::POST => {
            save(request, call, resource, Route::Create, body).await
        }
        Place::Item(resource, key) if method == Method::PATCH => {
            save(request, call, resource, Route::Update(key), body).await
        }
        Place::Item(resource, key) => delete(request, call, resource, key).await,
        Place::Collection(resource) => delete_list(request, call, resource).await,
        Place::Relationship(resource, key, relation) => {
            let change = match *method {
                Method::POST => Change::Add,
                Method::DELETE => Change::Remove,
                _ => Change::Replace,
            };
            relate(request, call, (resource, key, relation), change, body).await
        }
        Place::Singleton(_) | Place::SubResource(..) | Place::Operations => {
            Err(Error::internal("a route without writes").into())
        }
    }
}

/// The part of a write that runs in a transaction, and may run again.
#[derive(Clone)]
struct Job {
    app: Data<App>,
    caller: Arc<Caller>,
    view: View,
    query: Query,
    condition: Option<Precondition>,
}

impl Job {
    fn new(request: &HttpRequest, call: &Call, query: Query) -> Job {
        Job {
            app: call.app.clone(),
            caller: call.caller.clone(),
            view: call.view.clone(),
            query,
            condition: Precondition::of(request),
        }
    }

    fn context(&self) -> Context<'_> {
        let App { switches, auth, .. } = self.app.get_ref();
        Context { caller: &self.caller, now: Utc::now(), switches, passwords: &auth.passwords }
    }

    /// Refuses when the record is not as the client saw it. The row stays locked until the end of the transaction.
    fn check_condition(&self, conn: &mut PgConnection, resource: &'static Resource, key: &Key) -> Result<(), Errors> {
        let Some(condition) = &self.condition else { return Ok(()) };
        engine::lock_row(conn, self.context(), resource, key)?;
        let plan = authorize(ReadPlan::item(resource, key), &self.caller)?;
        let frame = Frame { version: true, ..Frame::default() };
        let current = load::document(conn, &plan, &self.view, frame, &[])?;
        let version = current.facts.version.ok_or_else(Error::not_found)?;
        Ok(condition.check(version)?)
    }

    /// The record as a GET would show it, with the request's included records.
    fn render(
        &self,
        conn: &mut PgConnection,
        resource: &'static Resource,
        written: &Written,
    ) -> Result<(Vec<u8>, Option<String>), Errors> {
        let included = written.records.iter().skip(1);
        let extras: Vec<Extra> = included
            .filter_map(|record| {
                let (key, include_id) = (record.key.clone(), record.label.clone()?);
                Some(Extra { resource: record.resource, key, include_id })
            })
            .collect();
        let frame = read::item_frame(&self.view, resource);
        if let Ok(plan) = authorize(self.query.item(resource, written.key()), &self.caller) {
            let document = load::document(conn, &plan, &self.view, frame, &extras)?;
            if let (1.., Some(version)) = (document.facts.rows, document.facts.version) {
                let tag = etag::tag(version, &document.body);
                return Ok((document.body, Some(tag)));
            }
        }
        // Who may write a record but not see it learns its id.
        let identity = serde_json::json!({
            "jsonapi": {"version": "1.1"},
            "data": {"type": resource.name, "id": written.key().to_string()},
        });
        Ok((identity.to_string().into_bytes(), None))
    }

    /// Makes the rights that the write has changed felt at once in this process.
    fn committed(&self, rights_changed: bool) {
        if rights_changed {
            self.app.auth.callers.clear();
        }
    }
}

/// What a create or update is answered with.
struct Saved {
    written: Written,
    body: Vec<u8>,
    tag: Option<String>,
}

async fn save(
    request: &HttpRequest,
    call: Call,
    resource: &'static Resource,
    route: Route,
    body: Bytes,
) -> Result<HttpResponse, Errors> {
    let query = read::query(request, &call, resource, query::ITEM)?;
    let id = match &route {
        Route::Create => None,
        Route::Update(key) => Some(key.to_string()),
    };
    let document = document::parse(&body, call.registry(), resource, id.as_deref())?;
    limits::included(&call.app.config.limits, document.included.len())?;
    let plan = WritePlan::build(&document, &route)?;
    let job = Job::new(request, &call, query);
    let work = job.clone();
    let saved = call
        .app
        .db
        .transaction(move |conn| {
            if let Route::Update(key) = &route {
                work.check_condition(conn, resource, key)?;
            }
            if plan.validate_only {
                return rolled_back(conn, |conn| attempt(conn, &work, resource, plan.clone()));
            }
            attempt(conn, &work, resource, plan.clone())
        })
        .await?;
    job.committed(saved.written.rights_changed);
    let mut answer = match saved.written.created {
        true => HttpResponse::Created(),
        false => HttpResponse::Ok(),
    };
    if saved.written.created {
        answer.insert_header((LOCATION, call.view.item(resource, saved.written.key())));
    }
    if let Some(tag) = saved.tag {
        answer.insert_header(("ETag", tag));
    }
    Ok(answer.insert_header((CONTENT_TYPE, call.profile.media_type())).body(saved.body))
}

fn attempt(conn: &mut PgConnection, job: &Job, resource: &'static Resource, plan: WritePlan) -> Result<Saved, Errors> {
    let plan = authorize(plan, &job.caller)?;
    let written = engine::write(conn, job.context(), plan)?;
    let (body, tag) = job.render(conn, resource, &written)?;
    Ok(Saved { written, body, tag })
}

/// Does the work in a savepoint that is given up, whatever comes out.
fn rolled_back<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Errors>,
) -> Result<T, Errors> {
    let mut outcome = None;
    let ended = conn.transaction(|conn| {
        outcome = Some(work(conn));
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    match (outcome, ended) {
        (Some(outcome), Err(diesel::result::Error::RollbackTransaction)) => outcome,
        (_, Err(error)) => Err(error.into()),
        (_, Ok(())) => Err(Error::internal("a validation was committed").into()),
    }
}

async fn relate(
    request: &HttpRequest,
    call: Call,
    (resource, key, relation): (&'static Resource, Key, &'static Relation),
    change: Change,
    body: Bytes,
) -> Result<HttpResponse, Errors> {
    let query = read::query(request, &call, resource, query::NOTHING)?;
    let identifiers = document::parse_relationship(&body, relation.is_many())?;
    let place = (resource, key.clone(), relation);
    let plan = relationship::plan(place, &identifiers, change, "/data", &Made::default())?;
    let job = Job::new(request, &call, query);
    let work = job.clone();
    let rights_changed = call
        .app
        .db
        .transaction(move |conn| {
            work.check_condition(conn, resource, &key)?;
            let plan = authorize(plan.clone(), &work.caller)?;
            engine::write(conn, work.context(), plan)
                .map(|written| written.rights_changed)
                .map_err(|errors| on_route(errors, relation, "/data"))
        })
        .await?;
    job.committed(rights_changed);
    Ok(HttpResponse::NoContent().finish())
}

async fn delete(
    request: &HttpRequest,
    call: Call,
    resource: &'static Resource,
    key: Key,
) -> Result<HttpResponse, Errors> {
    let query = read::query(request, &call, resource, query::NOTHING)?;
    let job = Job::new(request, &call, query);
    let work = job.clone();
    let deleted = call
        .app
        .db
        .transaction(move |conn| {
            work.check_condition(conn, resource, &key)?;
            engine::delete(conn, work.context(), resource, std::slice::from_ref(&key))
        })
        .await?;
    job.committed(deleted.rights_changed);
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes what the filters find, up to the limit, all or none of it.
async fn delete_list(request: &HttpRequest, call: Call, resource: &'static Resource) -> Result<HttpResponse, Errors> {
    let query = read::query(request, &call, resource, query::DELETE_LIST)?;
    if !query.filtered {
        return Err(Error::filter("At least one filter must be provided.").into());
    }
    let (limit, total) = (call.app.config.limits.delete_rows as u64, call.includes("totalCount"));
    let job = Job::new(request, &call, query);
    let work = job.clone();
    let (deleted, found) = call
        .app
        .db
        .transaction(move |conn| {
            let mut plan = work.query.list(resource);
            plan.total = total;
            let plan = authorize(plan, &work.caller)?;
            let found = if total { load::count(conn, &plan)? } else { None };
            let keys = load::keys(conn, &plan, limit)?;
            // What another request deletes between the look and the lock is looked for again.
            let deleted = engine::delete(conn, work.context(), resource, &keys)
                .map_err(|errors| if errors.has(&NOT_FOUND) { Error::contention().into() } else { errors })?;
            Ok::<_, Errors>((deleted, found))
        })
        .await?;
    job.committed(deleted.rights_changed);
    let mut answer = HttpResponse::NoContent();
    if let Some(found) = found {
        answer.insert_header(("X-Include-Total-Count", found));
    }
    if call.includes("deletedCount") {
        answer.insert_header(("X-Include-Deleted-Count", deleted.count));
    }
    Ok(answer.finish())
}
