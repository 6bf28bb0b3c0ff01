//! GET and HEAD: query → plan → document, and what the answer's headers say of it.

mod answer;
mod below_operation;
mod job;

use std::time::Instant;

use actix_web::http::Method;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use diesel::pg::PgConnection;

use self::answer::answer;
use self::job::{Guard, Job};
use super::call::Call;
use super::place::Place;
use super::{limits, metrics};
use crate::engine::key::Key;
use crate::engine::load::Frame;
use crate::engine::lookup;
use crate::engine::plan::ReadPlan;
use crate::engine::predicate::Predicate;
use crate::engine::query::{IDENTIFIERS, ITEM, LIST, Limits, MIXED, NOTHING, Query, Request, Route};
use crate::engine::relation::{Link, Relation};
use crate::engine::render::{View, path_segment};
use crate::engine::resource::Resource;
use crate::error::{Error, Errors, STATEMENT_TIMEOUT};

/// Answers a read.
pub async fn read(request: &HttpRequest, payload: Payload, call: Call, place: Place) -> Result<HttpResponse, Errors> {
    let start = Instant::now();
    // A GET that came as a POST has its filters in the body.
    let body = if request.method() == Method::POST {
        json(limits::body(request, payload, &call.app.config.http).await?)?
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
