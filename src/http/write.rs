//! POST, PATCH and DELETE: body → plan → one transaction, in which the answer is rendered before it commits.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{ETAG, HeaderName, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use diesel::Connection;
use diesel::pg::PgConnection;

use super::answer::Answer;
use super::call::Call;
use super::etag::{self, Precondition};
use super::idempotency::{Claim, Conditions, Key as IdempotencyKey, Right};
use super::place::Place;
use super::transact::{Done, Work, transact};
use super::{limits, metrics, operations, read};
use crate::acl::{Caller, Needs, Permission, authorize};
use crate::app::App;
use crate::db::Failure;
use crate::engine::command::{Command, Given};
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
use crate::error::{Error, Errors, NOT_FOUND};

static TOTAL_COUNT: HeaderName = HeaderName::from_static("x-include-total-count");
static DELETED_COUNT: HeaderName = HeaderName::from_static("x-include-deleted-count");

/// Answers a write.
pub async fn write(
    request: &HttpRequest,
    payload: Payload,
    call: Call,
    place: Place,
    method: &Method,
) -> Result<HttpResponse, Errors> {
    let key = IdempotencyKey::of(request)?;
    let body = limits::body(request, payload, &call.app.config.http).await?;
    let start = Instant::now();
    let claim = Claim::of(request, &call, method, key, &body);
    let work = plan(request, &call, place, method, &body);
    let answer = transact(&call, claim, work).await;
    metrics::stage("write", start.elapsed());
    answer
}

/// What the request asks for, as work that only needs a transaction.
fn plan(request: &HttpRequest, call: &Call, place: Place, method: &Method, body: &Bytes) -> Result<Work, Errors> {
    match place {
        Place::Collection(resource) if method == Method::POST => save(request, call, resource, Route::Create, body),
        Place::Item(resource, key) if method == Method::PATCH => {
            save(request, call, resource, Route::Update(key), body)
        }
        Place::Item(resource, key) => delete(request, call, resource, key),
        Place::Collection(resource) => delete_list(request, call, resource),
        Place::Relationship(resource, key, relation) => {
            let change = match *method {
                Method::POST => Change::Add,
                Method::DELETE => Change::Remove,
                _ => Change::Replace,
            };
            relate(request, call, (resource, key, relation), change, body)
        }
        Place::Command(resource, key, order) => command(request, call, (resource, key, order), body),
        Place::Operations => operations::plan(request, call, body),
        Place::Singleton(_) | Place::SubResource(..) | Place::BelowOperation(..) | Place::Changes => {
            Err(Error::internal("a route without writes").into())
        }
    }
}

/// What the work of a write needs in its transaction.
struct Job {
    app: Data<App>,
    caller: Arc<Caller>,
    view: View,
    query: Query,
    condition: Option<Precondition>,
    media_type: &'static str,
}

impl Job {
    fn new(request: &HttpRequest, call: &Call, query: Query) -> Job {
        Job {
            app: call.app.clone(),
            caller: call.caller.clone(),
            view: call.view.clone(),
            query,
            condition: Precondition::of(request),
            media_type: call.profile.media_type(),
        }
    }

    fn context(&self) -> Context<'_> {
        self.app.write_context(&self.caller)
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

    fn save(&self, conn: &mut PgConnection, resource: &'static Resource, plan: WritePlan) -> Result<Done, Errors> {
        let plan = authorize(plan, &self.caller)?;
        let written = engine::write(conn, self.context(), plan)?;
        let (body, tag) = self.render(conn, resource, &written)?;
        let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
        let mut answer = Answer::document(status, self.media_type, body);
        if written.created {
            answer = answer.with(LOCATION, &self.view.item(resource, written.key()));
        }
        if let Some(tag) = tag {
            answer = answer.with(ETAG, &tag);
        }
        Ok(Done { answer, rights_changed: written.rights_changed })
    }
}

fn save(
    request: &HttpRequest,
    call: &Call,
    resource: &'static Resource,
    route: Route,
    body: &Bytes,
) -> Result<Work, Errors> {
    let query = read::query(request, call, resource, query::ITEM)?;
    let id = match &route {
        Route::Create => None,
        Route::Update(key) => Some(key.to_string()),
    };
    let document = document::parse(body, call.registry(), resource, id.as_deref())?;
    limits::included(&call.app.config.limits, document.included.len())?;
    let plan = WritePlan::build(&document, &route)?;
    let job = Job::new(request, call, query);
    let replay = Conditions { rights: rights(&plan, resource), trial: plan.validate_only };
    Ok(Work::new(replay, move |conn| {
        if let Route::Update(key) = &route {
            job.check_condition(conn, resource, key)?;
        }
        if plan.validate_only {
            return rolled_back(conn, |conn| job.save(conn, resource, plan.clone()));
        }
        job.save(conn, resource, plan.clone())
    }))
}

/// What a plan needs. Of parts and upserts it does not know yet.
fn rights(plan: &WritePlan, resource: &'static Resource) -> Vec<Right> {
    match plan.needs() {
        needs if needs.is_empty() => vec![Right::Save(resource)],
        needs => needs.into_iter().map(|(resource, permission)| Right::Type(resource, permission)).collect(),
    }
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

fn relate(
    request: &HttpRequest,
    call: &Call,
    (resource, key, relation): (&'static Resource, Key, &'static Relation),
    change: Change,
    body: &Bytes,
) -> Result<Work, Errors> {
    let query = read::query(request, call, resource, query::NOTHING)?;
    let identifiers = document::parse_relationship(body, relation.is_many())?;
    let place = (resource, key.clone(), relation);
    let plan = relationship::plan(place, &identifiers, change, "/data", &Made::default())?;
    let job = Job::new(request, call, query);
    Ok(Work::new(Conditions::need(Right::Type(resource, Permission::Edit)), move |conn| {
        job.check_condition(conn, resource, &key)?;
        let plan = authorize(plan.clone(), &job.caller)?;
        engine::write(conn, job.context(), plan)
            .map(|written| Done::silently(written.rights_changed))
            .map_err(|errors| on_route(errors, relation, "/data"))
    }))
}

fn command(
    request: &HttpRequest,
    call: &Call,
    (resource, key, command): (&'static Resource, Key, &'static Command),
    body: &Bytes,
) -> Result<Work, Errors> {
    let query = read::query(request, call, resource, query::NOTHING)?;
    let given = Given::parse(command, &document::parse_meta(body)?)?;
    let job = Job::new(request, call, query);
    let replay = Conditions::need(Right::Command(resource, key.clone()));
    Ok(Work::new(replay, move |conn| {
        job.check_condition(conn, resource, &key)?;
        let meta = engine::command(conn, job.context(), (resource, &key), command, &given)?;
        let body = serde_json::json!({"jsonapi": {"version": "1.1"}, "meta": meta});
        let answer = Answer::document(StatusCode::OK, job.media_type, body.to_string().into_bytes());
        Ok(Done { answer, rights_changed: false })
    }))
}

fn delete(request: &HttpRequest, call: &Call, resource: &'static Resource, key: Key) -> Result<Work, Errors> {
    let query = read::query(request, call, resource, query::NOTHING)?;
    let job = Job::new(request, call, query);
    Ok(Work::new(Conditions::need(Right::Type(resource, Permission::Delete)), move |conn| {
        job.check_condition(conn, resource, &key)?;
        let deleted = engine::delete(conn, job.context(), resource, std::slice::from_ref(&key))?;
        Ok(Done::silently(deleted.rights_changed))
    }))
}

/// Deletes what the filters find, up to the limit, all or none of it.
fn delete_list(request: &HttpRequest, call: &Call, resource: &'static Resource) -> Result<Work, Errors> {
    let query = read::query(request, call, resource, query::DELETE_LIST)?;
    if !query.filtered {
        return Err(Error::filter("At least one filter must be provided.").into());
    }
    let limit = call.app.config.limits.delete_rows as u64;
    let (total, count) = (call.includes("totalCount"), call.includes("deletedCount"));
    let job = Job::new(request, call, query);
    Ok(Work::new(Conditions::need(Right::Type(resource, Permission::Delete)), move |conn| {
        let plan = ReadPlan { total, ..job.query.list(resource) };
        let plan = authorize(plan, &job.caller)?;
        let found = if total { load::count(conn, &plan)? } else { None };
        let keys = load::keys(conn, &plan, limit)?;
        // What another request deletes between the look and the lock is looked for again.
        let deleted = engine::delete(conn, job.context(), resource, &keys)
            .map_err(|errors| if errors.has(&NOT_FOUND) { Error::contention().into() } else { errors })?;
        let mut done = Done::silently(deleted.rights_changed);
        if let Some(found) = found {
            done.answer = done.answer.with(TOTAL_COUNT.clone(), &found.to_string());
        }
        if count {
            done.answer = done.answer.with(DELETED_COUNT.clone(), &deleted.count.to_string());
        }
        Ok(done)
    }))
}
