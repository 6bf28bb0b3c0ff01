//! The resource routes of both APIs: which record or list a path means, which methods it has, who may ask.
//!
//! Paths (contract 1): `/{type}`, `/{type}/{id}`, `/{type}/{id}/{association}`,
//! `/{type}/{id}/relationships/{association}`, and `/{type}` alone for a resource without an id in its URL.
//! A request is routed, its caller recognised, its media types agreed, and given to [`read`] or [`write`].

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_LENGTH, HeaderName, HeaderValue, VARY};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;

use super::media_type::Profile;
use super::trace::{self, Labels};
use super::{answer, extract, media_type, read, write};
use crate::acl::Caller;
use crate::app::App;
use crate::auth::Api;
use crate::engine::key::Key;
use crate::engine::registry::Registry;
use crate::engine::relation::Relation;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::{Error, Errors, NOT_FOUND};

static METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
static INCLUDE: HeaderName = HeaderName::from_static("x-include");

/// Mounts both APIs. The one with the longer root first: it may lie under the other.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    let mut apis = [(Api::Admin, app.admin.root.clone()), (Api::Storefront, app.storefront.root.clone())];
    apis.sort_by_key(|(_, root)| std::cmp::Reverse(root.len()));
    for (api, root) in apis {
        let serve =
            move |request: HttpRequest, payload: Payload, app: web::Data<App>| serve(request, payload, app, api);
        service.route(&format!("{root}/{{path:.*}}"), web::route().to(serve));
    }
}

/// What a path means.
#[derive(Clone, Debug)]
pub enum Place {
    Collection(&'static Resource),
    /// The caller's own record of a resource without an id in its URL.
    Singleton(&'static Resource),
    Item(&'static Resource, Key),
    SubResource(&'static Resource, Key, &'static Relation),
    Relationship(&'static Resource, Key, &'static Relation),
}

/// A request that is understood and whose caller is known.
pub struct Call {
    pub app: web::Data<App>,
    pub api: Api,
    pub caller: Arc<Caller>,
    pub profile: Profile,
    pub view: View,
    /// The lower-case keys of `X-Include`.
    pub include: Vec<String>,
}

impl Call {
    pub fn registry(&self) -> &Registry {
        registry(&self.app, self.api)
    }

    /// Whether `X-Include` has the key (`totalCount`, `deletedCount`, `noHateoas`).
    pub fn includes(&self, key: &str) -> bool {
        self.include.iter().any(|given| given.eq_ignore_ascii_case(key))
    }
}

fn registry(app: &App, api: Api) -> &Registry {
    match api {
        Api::Admin => &app.admin,
        Api::Storefront => &app.storefront,
    }
}

async fn serve(request: HttpRequest, payload: Payload, app: web::Data<App>, api: Api) -> HttpResponse {
    let mut response = match respond(&request, payload, app, api).await {
        Ok(response) => response,
        Err(errors) => answer::refuse(&request, &errors),
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding, Origin"));
    response
}

async fn respond(
    request: &HttpRequest,
    payload: Payload,
    app: web::Data<App>,
    api: Api,
) -> Result<HttpResponse, Errors> {
    let method = method(request)?;
    let path = request.match_info().get("path").unwrap_or_default().to_owned();
    if method == Method::OPTIONS {
        let place = route(registry(&app, api), &path, false)?;
        return options(&place);
    }
    let caller = extract::caller(request, &app, api).await?;
    let profile = media_type::negotiate(request, &method)?;
    let place = route(registry(&app, api), &path, true)?;
    label(request, api, &place, &method);
    let allowed = methods(&place);
    let asked = if method == Method::HEAD { &Method::GET } else { &method };
    if !allowed.contains(asked) {
        return Err(not_allowed(&allowed).into());
    }
    let include: Vec<String> = request
        .headers()
        .get(&INCLUDE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').map(|key| key.trim().to_owned()).collect())
        .unwrap_or_default();
    let base = format!("{}{}", origin(request, &app), registry(&app, api).root);
    let links = !include.iter().any(|key| key.eq_ignore_ascii_case("noHateoas"));
    let call = Call { app, api, caller, profile, view: View { base, links }, include };
    match *asked {
        Method::GET => read::read(request, payload, call, place).await,
        _ => write::write(request, payload, call, place, asked).await,
    }
}

/// The method, or the one that `X-HTTP-Method-Override` turns a POST into, in any letter case.
fn method(request: &HttpRequest) -> Result<Method, Error> {
    let given = request.headers().get(&METHOD_OVERRIDE).filter(|_| request.method() == Method::POST);
    let Some(given) = given else { return Ok(request.method().clone()) };
    let name = given.to_str().unwrap_or_default().to_ascii_uppercase();
    match name.as_str() {
        "GET" | "HEAD" | "POST" | "PATCH" | "DELETE" | "OPTIONS" | "PUT" => {
            Method::from_bytes(name.as_bytes()).map_err(Error::internal)
        }
        _ => {
            let text = "The accepted values for the \"X-HTTP-Method-Override\" are \"GET\", \"HEAD\", \"POST\", \"PATCH\", \"DELETE\" or \"OPTIONS\".";
            Err(Error::new(&crate::error::INVALID_HEADER, text).header("X-HTTP-Method-Override"))
        }
    }
}

/// Scheme and authority of absolute links: the configured ones, else those the request came to.
fn origin(request: &HttpRequest, app: &App) -> String {
    match &app.config.http.public_url {
        Some(url) => url.clone(),
        None => {
            let connection = request.connection_info();
            let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            let sound = |host: &&str| {
                !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
            };
            let host = Some(host).filter(sound).map_or_else(|| app.config.http.listen.to_string(), str::to_owned);
            // Behind a proxy that speaks TLS, `http.public_url` says so; a header from anywhere does not.
            let _ = connection;
            format!("http://{host}")
        }
    }
}

/// Finds what a path means. `check_ids`: OPTIONS does not look at the id.
fn route(registry: &Registry, path: &str, check_ids: bool) -> Result<Place, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let decoded: Option<Vec<String>> = path
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned()))
        .collect();
    let no_route = || Error::new(&NOT_FOUND, format!("No route found for \"{}/{path}\".", registry.root));
    let segments = decoded.ok_or_else(no_route)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (name, rest) = segments.split_first().ok_or_else(no_route)?;
    if name.is_empty() || *name == "rest" {
        return Err(no_route());
    }
    let resource = registry.get(name).ok_or_else(|| match rest {
        [] | [_] => Error::unknown_type(name),
        _ => Error::unknown_parent_type(name),
    })?;
    let key = |id: &str| match Key::parse(resource.id.kind, id) {
        Ok(key) => Ok(key),
        Err(_) if !check_ids => Ok(Key::Text(id.to_owned())),
        Err(error) => Err(error),
    };
    let relation = |name: &str| {
        resource
            .relation(name)
            .filter(|relation| relation.routes && !relation.hidden)
            .ok_or_else(Error::unsupported_subresource)
    };
    match rest {
        [] if resource.singleton => Ok(Place::Singleton(resource)),
        [] => Ok(Place::Collection(resource)),
        _ if resource.singleton || rest.iter().any(|segment| segment.is_empty()) => Err(no_route()),
        [id] => Ok(Place::Item(resource, key(id)?)),
        [id, "relationships", name] => Ok(Place::Relationship(resource, key(id)?, relation(name)?)),
        [id, name] => Ok(Place::SubResource(resource, key(id)?, relation(name)?)),
        _ => Err(no_route()),
    }
}

/// The methods of a place, in the order of the contract's `Allow`.
fn methods(place: &Place) -> Vec<Method> {
    let of = |list: &[(bool, Method)]| list.iter().filter(|(on, _)| *on).map(|(_, method)| method.clone()).collect();
    match place {
        Place::Collection(resource) => of(&[
            (resource.actions.list, Method::GET),
            (resource.actions.create, Method::POST),
            (resource.actions.delete_list, Method::DELETE),
        ]),
        Place::Singleton(resource) => of(&[(resource.actions.get, Method::GET)]),
        Place::Item(resource, _) => of(&[
            (resource.actions.get, Method::GET),
            (resource.actions.update, Method::PATCH),
            (resource.actions.delete, Method::DELETE),
        ]),
        Place::SubResource(..) => vec![Method::GET],
        Place::Relationship(resource, _, relation) => {
            let writes = relation.relationship_writes && resource.actions.update;
            let many = writes && relation.is_many();
            of(&[(true, Method::GET), (writes, Method::PATCH), (many, Method::POST), (many, Method::DELETE)])
        }
    }
}

fn allow(methods: &[Method]) -> String {
    std::iter::once("OPTIONS").chain(methods.iter().map(Method::as_str)).collect::<Vec<_>>().join(", ")
}

fn not_allowed(methods: &[Method]) -> Error {
    if methods.is_empty() {
        return Error::new(&crate::error::NOT_ACCESSIBLE, "The resource is not accessible.");
    }
    Error::method_not_allowed(allow(methods))
}

fn options(place: &Place) -> Result<HttpResponse, Errors> {
    let methods = methods(place);
    if methods.is_empty() {
        return Err(not_allowed(&methods).into());
    }
    Ok(HttpResponse::Ok().insert_header((ALLOW, allow(&methods))).insert_header((CONTENT_LENGTH, "0")).finish())
}

fn label(request: &HttpRequest, api: Api, place: &Place, method: &Method) {
    let (resource, action) = match (place, method.as_str()) {
        (Place::Collection(resource), "GET" | "HEAD") => (resource, "list"),
        (Place::Collection(resource), "POST") => (resource, "create"),
        (Place::Collection(resource), "DELETE") => (resource, "delete_list"),
        (Place::Item(resource, _) | Place::Singleton(resource), "GET" | "HEAD") => (resource, "get"),
        (Place::Item(resource, _), "PATCH") => (resource, "update"),
        (Place::Item(resource, _), "DELETE") => (resource, "delete"),
        (Place::SubResource(resource, ..), _) => (resource, "get_subresource"),
        (Place::Relationship(resource, ..), "GET" | "HEAD") => (resource, "get_relationship"),
        (Place::Relationship(resource, ..), "PATCH") => (resource, "update_relationship"),
        (Place::Relationship(resource, ..), "POST") => (resource, "add_relationship"),
        (Place::Relationship(resource, ..), "DELETE") => (resource, "delete_relationship"),
        (Place::Collection(resource) | Place::Item(resource, _) | Place::Singleton(resource), _) => (resource, "other"),
        (Place::Relationship(resource, ..), _) => (resource, "other"),
    };
    trace::label(request, Labels { api: api.name(), resource: resource.name, action });
}
