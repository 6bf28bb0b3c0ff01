//! GET and HEAD: query → plan → document, and what the answer's headers say of it.

mod below_operation;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use diesel::pg::PgConnection;

use super::call::Call;
use super::place::Place;
use super::{async_operation, etag, limits, metrics};
use crate::acl::{self, Authorized, Caller};
use crate::db::Db;
use crate::engine::key::Key;
use crate::engine::load::{Facts, Frame, Progress};
use crate::engine::lookup;
use crate::engine::plan::ReadPlan;
use crate::engine::predicate::Predicate;
use crate::engine::query::{IDENTIFIERS, ITEM, LIST, Limits, MIXED, NOTHING, Query, Request, Route};
use crate::engine::relation::{Link, Relation};
use crate::engine::render::{View, path_segment};
use crate::engine::resource::Resource;
use crate::error::{Error, Errors, STATEMENT_TIMEOUT};

static TOTAL_COUNT: HeaderName = HeaderName::from_static("x-include-total-count");
static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Answers a read.
pub async fn read(request: &HttpRequest, payload: Payload, call: Call, place: Place) -> Result<HttpResponse, Errors> {
    let start = Instant::now();
    // A GET that came as a POST has its filters in the body.
    let body = if request.method() == Method::POST {
        json(limits::body(payload, &call.app.config.http).await?)?
    } else {
        None
    };
    let asked = Asked { request, call: &call, body: body.as_ref() };
    let job = match place {
        Place::Collection(resource) => asked.list(resource)?,
        Place::Singleton(resource) => {
            let user = call.caller.user().ok_or_else(Error::no_access_to_type)?;
            let key = Key::Integer(user.id);
            asked.item(resource, key)?
        }
        Place::Item(resource, key) => asked.item(resource, key)?,
        Place::SubResource(resource, key, relation) => {
            let target = asked.target(resource, &key, relation).await?;
            asked.sub_resource(resource, key, relation, target)?
        }
        Place::Relationship(resource, key, relation) => {
            let target = asked.target(resource, &key, relation).await?;
            asked.relationship(resource, key, relation, target)?
        }
        Place::BelowOperation(key, part) => asked.below_operation(key, part)?,
        Place::Command(..) | Place::Operations | Place::Changes => {
            return Err(Error::internal("a route without reads").into());
        }
    };
    let planned = start.elapsed();
    let outcome = {
        let job = job.clone();
        let resource = job.plan.resource;
        call.app.db.run(move |conn| job.begin(conn)).await.map_err(|errors| by_indexes(errors, resource))?
    };
    let loaded = start.elapsed() - planned;
    metrics::stage("plan", planned);
    metrics::stage("load", loaded);
    Ok(answer(request, &call, job, outcome, planned, loaded))
}

/// Tells a client whose list took too long what would be quick on this resource.
pub fn by_indexes(errors: Errors, resource: &'static Resource) -> Errors {
    let told = |error: Error| {
        if error.code != &STATEMENT_TIMEOUT {
            return error;
        }
        let indexed = || resource.fields.iter().filter(|field| field.indexed);
        let filtered = indexed().filter(|field| field.filter.is_some()).map(|field| field.name);
        let linked = resource
            .visible_relations()
            .filter(|relation| matches!(relation.link, Link::ToOne { .. }) && relation.filter_spec().is_some());
        let filters: Vec<&str> = ["id"].into_iter().chain(filtered).chain(linked.map(|one| one.name)).collect();
        let sorted = indexed().filter(|field| field.sort).map(|field| field.name);
        let sorters: Vec<&str> = ["id"].into_iter().chain(sorted).collect();
        Error::statement_timeout_of(&filters, &sorters)
    };
    Errors(errors.0.into_iter().map(told).collect())
}

/// The query of a request, read for a route.
pub fn query(request: &HttpRequest, call: &Call, resource: &'static Resource, route: Route) -> Result<Query, Errors> {
    Asked { request, call, body: None }.query(resource, route)
}

/// What surrounds a single record.
pub fn item_frame(view: &View, resource: &'static Resource) -> Frame {
    let links = if resource.actions.list { vec![("self", view.collection(resource))] } else { Vec::new() };
    Frame { links, version: true, ..Frame::default() }
}

fn json(body: Bytes) -> Result<Option<serde_json::Value>, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let text = |error| Error::new(&crate::error::MALFORMED_JSON, format!("Invalid json message received. {error}."));
    serde_json::from_slice(&body).map(Some).map_err(text)
}

/// A read as it was asked for.
struct Asked<'a> {
    request: &'a HttpRequest,
    call: &'a Call,
    body: Option<&'a serde_json::Value>,
}

impl Asked<'_> {
    fn query(&self, resource: &'static Resource, route: Route) -> Result<Query, Errors> {
        self.query_of(resource, &[], route)
    }

    /// `mixed`: the resources of a list of several.
    fn query_of(
        &self,
        resource: &'static Resource,
        mixed: &'static [&'static Resource],
        route: Route,
    ) -> Result<Query, Errors> {
        let limits = &self.call.app.config.limits;
        let request = Request {
            registry: self.call.registry(),
            resource,
            mixed,
            route,
            limits: Limits {
                rows: limits.page_rows as u64,
                filters: limits.filters,
                filter_values: limits.filter_values,
                depth: limits.include_depth,
                include_paths: limits.include_paths,
            },
            strict: self.call.profile.strict,
            path: self.request.path(),
        };
        Query::parse(request, self.request.query_string(), self.body)
    }

    fn job(&self, plan: ReadPlan, frame: Frame, guard: Guard) -> Job {
        let (view, caller) = (self.call.view.clone(), self.call.caller.clone());
        Job { plan, frame, guard, view, caller, by_relationship: false }
    }

    fn frame(&self, query: &Query, links: Vec<(&'static str, String)>, url: String) -> Frame {
        Frame {
            many: true,
            links,
            pages: Some(url),
            parameters: query.parameters.clone(),
            row_limit: self.call.app.config.limits.page_rows as u64,
            version: false,
        }
    }

    fn list(&self, resource: &'static Resource) -> Result<Job, Errors> {
        let query = self.query(resource, LIST)?;
        let url = self.call.view.collection(resource);
        let plan = ReadPlan { total: self.call.includes("totalCount"), ..query.list(resource) };
        let frame = self.frame(&query, vec![("self", url.clone())], url);
        Ok(self.job(plan, frame, Guard::None))
    }

    fn item(&self, resource: &'static Resource, key: Key) -> Result<Job, Errors> {
        let query = self.query(resource, ITEM)?;
        let frame = item_frame(&self.call.view, resource);
        Ok(self.job(query.item(resource, &key), frame, Guard::Item(resource, key)))
    }

    /// What a relationship's route answers with; `None` when a polymorphic link is not set.
    async fn target(
        &self,
        resource: &'static Resource,
        key: &Key,
        relation: &'static Relation,
    ) -> Result<Option<&'static Resource>, Errors> {
        if !relation.is_polymorphic() || relation.is_many() {
            return Ok(Some(relation.target));
        }
        let (caller, key) = (self.call.caller.clone(), key.clone());
        let work = move |conn: &mut PgConnection| lookup::target(conn, &caller, (resource, &key), relation);
        Ok(self.call.app.db.run(work).await?)
    }

    fn sub_resource(
        &self,
        resource: &'static Resource,
        key: Key,
        relation: &'static Relation,
        target: Option<&'static Resource>,
    ) -> Result<Job, Errors> {
        let url = format!("{}/{}", self.call.view.item(resource, &key), path_segment(relation.name));
        let links = vec![("self", url.clone())];
        let guard = Guard::Parent(resource, key.clone());
        if let Link::Union { many: true, .. } = relation.link {
            let query = self.query_of(relation.target, relation.targets(), MIXED)?;
            let job = self.job(self.mixed(&query, resource, key, relation), self.frame(&query, links, url), guard);
            return Ok(Job { by_relationship: true, ..job });
        }
        let linked = target.map_or(Predicate::False, |_| Predicate::LinkedFrom { owner: resource, relation, key });
        let target = target.unwrap_or(relation.target);
        if !relation.is_many() {
            let query = self.query(target, ITEM)?;
            let frame = Frame { links, ..Frame::default() };
            return Ok(self.job(query.one(target, linked), frame, guard));
        }
        let query = self.query(target, LIST)?;
        let plan = query.list(target);
        let plan = ReadPlan {
            filter: Predicate::all([linked, plan.filter.clone()]),
            total: self.call.includes("totalCount"),
            ..plan
        };
        let frame = self.frame(&query, links, url);
        Ok(self.job(plan, frame, guard))
    }

    /// The records of several resources at the far end of a relationship.
    fn mixed(&self, query: &Query, owner: &'static Resource, key: Key, relation: &'static Relation) -> ReadPlan {
        let mut linked = owner.branches(relation).map(|branch| {
            let key = key.clone();
            (branch.target, Predicate::LinkedFrom { owner, relation: branch, key })
        });
        let (resource, filter) = linked.next().unwrap_or((relation.target, Predicate::False));
        let total = self.call.includes("totalCount");
        ReadPlan { filter, further: linked.collect(), total, ..query.list(resource) }
    }

    fn relationship(
        &self,
        resource: &'static Resource,
        key: Key,
        relation: &'static Relation,
        target: Option<&'static Resource>,
    ) -> Result<Job, Errors> {
        let item = self.call.view.item(resource, &key);
        let name = path_segment(relation.name);
        let url = format!("{item}/relationships/{name}");
        let links = vec![("self", url.clone()), ("related", format!("{item}/{name}"))];
        let guard = Guard::Parent(resource, key.clone());
        let of_record = Predicate::LinkedFrom { owner: resource, relation, key: key.clone() };
        let linked = target.map_or(Predicate::False, |_| of_record);
        let target = target.unwrap_or(relation.target);
        let job = if let Link::Union { many: true, .. } = relation.link {
            let route = Route { shape: false, ..MIXED };
            let query = self.query_of(relation.target, relation.targets(), route)?;
            let plan = ReadPlan { identifiers: true, ..self.mixed(&query, resource, key, relation) };
            self.job(plan, self.frame(&query, links, url), guard)
        } else if relation.is_many() {
            let query = self.query(target, IDENTIFIERS)?;
            let total = self.call.includes("totalCount");
            let plan = ReadPlan { filter: linked, total, identifiers: true, ..query.list(target) };
            let frame = self.frame(&query, links, url);
            self.job(plan, frame, guard)
        } else {
            let query = self.query(target, NOTHING)?;
            let plan = ReadPlan { identifiers: true, ..query.one(target, linked) };
            self.job(plan, Frame { links, ..Frame::default() }, guard)
        };
        Ok(Job { by_relationship: true, ..job })
    }
}

/// What is looked at beside the rows themselves.
#[derive(Clone)]
enum Guard {
    None,
    /// The record must be there: else 404, or 403 when it is hidden.
    Item(&'static Resource, Key),
    /// So must the record whose relationship is read.
    Parent(&'static Resource, Key),
    /// So must the asynchronous operation.
    Operation(Key),
}

/// A read that only needs a connection.
#[derive(Clone)]
struct Job {
    plan: ReadPlan,
    frame: Frame,
    guard: Guard,
    view: View,
    caller: Arc<Caller>,
    by_relationship: bool,
}

/// A document, or the beginning of one that is too large to be built whole.
enum Outcome {
    Whole(Vec<u8>, Facts),
    Begun(Vec<u8>, Box<Progress>),
}

impl Job {
    fn authorize(&self) -> Result<Authorized<'_, ReadPlan>, Error> {
        if self.by_relationship {
            // The right to the parent suffices; ids that the caller may not view are left out.
            Ok(acl::authorize_linkage(self.plan.clone(), &self.caller))
        } else {
            acl::authorize(self.plan.clone(), &self.caller)
        }
    }

    fn begin(&self, conn: &mut PgConnection) -> Result<Outcome, Errors> {
        if let Guard::Parent(resource, key) = &self.guard {
            lookup::check_parent(conn, &self.caller, resource, key)?;
        }
        if let Guard::Operation(key) = &self.guard {
            async_operation::check(conn, &self.caller, key)?;
        }
        let plan = self.authorize()?;
        let mut progress = Progress::new(self.frame.clone(), &[]);
        let mut body = Vec::with_capacity(4096);
        while progress.next(conn, &plan, &self.view, &mut body)? {
            if progress.is_large() {
                return Ok(Outcome::Begun(body, Box::new(progress)));
            }
        }
        if let (Guard::Item(resource, key), 0) = (&self.guard, progress.facts.rows) {
            return Err(lookup::why_not_found(conn, &self.caller, resource, key)?.into());
        }
        Ok(Outcome::Whole(body, progress.facts))
    }
}

fn answer(
    request: &HttpRequest,
    call: &Call,
    job: Job,
    outcome: Outcome,
    planned: Duration,
    loaded: Duration,
) -> HttpResponse {
    let (body, facts) = match outcome {
        Outcome::Whole(body, facts) => (body, facts),
        Outcome::Begun(body, progress) => {
            let mut response = head(call, progress.facts, planned, loaded);
            if request.method() == Method::HEAD {
                return response.finish();
            }
            return response.streaming(pieces(call.app.db.clone(), job, body, progress));
        }
    };
    let mut response = head(call, facts, planned, loaded);
    if matches!(job.guard, Guard::Item(..)) {
        let tag = etag::tag(facts.version.unwrap_or_default(), &body);
        response.insert_header((ETAG, tag.as_str()));
        if etag::is_known(request, &tag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
    }
    response.body(body)
}

fn head(call: &Call, facts: Facts, planned: Duration, loaded: Duration) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(call.profile.media_type())));
    let milliseconds = |duration: Duration| duration.as_micros() as f64 / 1000.0;
    let timing = format!("plan;dur={}, load;dur={}", milliseconds(planned), milliseconds(loaded));
    response.insert_header((SERVER_TIMING.clone(), timing));
    if let Some(total) = facts.total {
        response.insert_header((TOTAL_COUNT.clone(), total));
    }
    response
}

/// The rest of a large document, piece by piece; between two pieces the connection is free for others. An error ends
/// the stream, and with it the connection to the client: a document that breaks off never looks whole.
fn pieces(
    db: Db,
    job: Job,
    begun: Vec<u8>,
    progress: Box<Progress>,
) -> impl futures_util::Stream<Item = Result<Bytes, Errors>> {
    let first = futures_util::stream::once(std::future::ready(Ok(Bytes::from(begun))));
    let job = Arc::new(job);
    let rest = futures_util::stream::unfold(Some(progress), move |progress| {
        let (db, job) = (db.clone(), job.clone());
        async move {
            let mut progress = Some(progress?);
            let step = db.run(move |conn| {
                // What is half done cannot be repeated on another connection.
                let mut progress = progress.take().ok_or_else(Error::database_away)?;
                let plan = job.authorize()?;
                let mut piece = Vec::new();
                let more = progress.next(conn, &plan, &job.view, &mut piece)?;
                Ok::<_, Errors>((piece, more.then_some(progress)))
            });
            Some(match step.await {
                Ok((piece, progress)) => (Ok(Bytes::from(piece)), progress),
                Err(errors) => {
                    tracing::warn!(%errors, "a large answer broke off");
                    (Err(errors), None)
                }
            })
        }
    });
    futures_util::StreamExt::chain(first, rest)
}
