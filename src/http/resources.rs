//! The resource routes of both APIs: a request's place is found, its caller recognised, its media types agreed, and it
//! is given to [`read`] or [`write`].

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_LENGTH, HeaderName, HeaderValue, VARY};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::async_operation::{self, Part};
use super::call::Call;
use super::media_type::{Profile, Takes};
use super::origin::origin;
use super::place::{Place, allow, methods, not_allowed, route};
use super::trace::{self, Labels};
use super::{address, answer, batch, changes, extract, locale, media_type, metadata, rate, read, write};
use crate::app::App;
use crate::auth::Api;
use crate::engine::registry::Registry;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::{Error, Errors};
use crate::resources::system::ASYNC_OPERATION;

static METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
static INCLUDE: HeaderName = HeaderName::from_static("x-include");
static INTEGRATION_TYPE: HeaderName = HeaderName::from_static("x-integration-type");
static PRODUCT_ID: HeaderName = HeaderName::from_static("x-product-id");

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

async fn serve(request: HttpRequest, payload: Payload, app: web::Data<App>, api: Api) -> HttpResponse {
    let mut response = match respond(&request, payload, app.clone(), api).await {
        Ok(response) => response,
        Err(errors) => answer::refuse(&request, &errors),
    };
    let vary = match api {
        Api::Admin => "Accept, Accept-Encoding, Origin",
        Api::Storefront => "Accept, Accept-Encoding, Origin, X-Localization-ID, X-Currency, X-Product-ID",
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static(vary));
    metadata::point(&request, &app, api, &mut response);
    response
}

async fn respond(
    request: &HttpRequest,
    payload: Payload,
    app: web::Data<App>,
    api: Api,
) -> Result<HttpResponse, Errors> {
    address::admit(request, &app, api)?;
    let method = method(request)?;
    let path = request.match_info().get("path").unwrap_or_default().to_owned();
    if method == Method::OPTIONS {
        rate::count_unknown(request, &app)?;
        let place = route(app.registry(api), &path, false)?;
        return options(app.registry(api), &place);
    }
    let registry = registry(request, &app, api);
    let place = registry.clone().and_then(|registry| route(&registry, &path, true));
    if let Ok(place) = &place {
        label(request, api, place, &method);
    }
    let caller = extract::caller(request, &app, api).await?;
    let takes = match place {
        Ok(Place::Operations) => Takes::Operations,
        Ok(Place::Collection(_)) if method == Method::PATCH => Takes::Batch,
        _ => Takes::Document,
    };
    let profile = match place {
        Ok(Place::Changes) if media_type::wants_events(request) => Profile::default(),
        // It comes in the format of the request that it belongs to.
        Ok(Place::BelowOperation(_, Part::Failed)) => Profile::default(),
        _ => media_type::negotiate(request, &method, takes)?,
    };
    let (registry, place) = (registry?, place?.of_caller(&caller)?);
    let allowed = methods(&registry, &place);
    let asked = if method == Method::HEAD { &Method::GET } else { &method };
    if !allowed.contains(asked) {
        return Err(not_allowed(&allowed).into());
    }
    let caller = match api {
        Api::Admin => caller,
        Api::Storefront => locale::apply(request, &app, &caller).await?,
    };
    let include: Vec<String> = request
        .headers()
        .get(&INCLUDE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').map(|key| key.trim().to_owned()).collect())
        .unwrap_or_default();
    let base = format!("{}{}", origin(request, &app), registry.root);
    let links = !include.iter().any(|key| key.eq_ignore_ascii_case("noHateoas"));
    let call = Call { app, api, caller, profile, view: View { base, links }, registry, include };
    match (asked, place) {
        (_, Place::Changes) => changes::read(request, call).await,
        (&Method::GET, Place::BelowOperation(key, Part::Failed)) => async_operation::download(request, call, key).await,
        (&Method::GET, place) => read::read(request, payload, call, place).await,
        (&Method::PATCH, Place::Collection(resource)) => {
            batch::update_list(request, payload, call, resource, asked).await
        }
        (_, place) => write::write(request, payload, call, place, asked).await,
    }
}

/// The resources of the API, with external ids where the request says so; in the storefront these are SKUs. A misspelt header must not
/// make a number of the client's own name another record.
fn registry(request: &HttpRequest, app: &App, api: Api) -> Result<Arc<Registry>, Error> {
    let registry = match api {
        Api::Storefront => match request.headers().get(&PRODUCT_ID) {
            None => &app.storefront,
            Some(kind) if kind.as_bytes() == b"sku" => &app.storefront_by_sku,
            Some(_) => {
                let text = "The accepted value for the \"X-Product-ID\" is \"sku\".";
                return Err(Error::new(&crate::error::INVALID_HEADER, text).header("X-Product-ID"));
            }
        },
        Api::Admin => match request.headers().get(&INTEGRATION_TYPE) {
            None => &app.admin,
            Some(kind) if kind.as_bytes() == b"ext_id" => &app.external,
            Some(_) => {
                let text = "The accepted value for the \"X-Integration-Type\" is \"ext_id\".";
                return Err(Error::new(&crate::error::INVALID_HEADER, text).header("X-Integration-Type"));
            }
        },
    };
    Ok(registry.clone())
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

fn options(registry: &Registry, place: &Place) -> Result<HttpResponse, Errors> {
    let methods = methods(registry, place);
    if methods.is_empty() {
        return Err(not_allowed(&methods).into());
    }
    Ok(HttpResponse::Ok().insert_header((ALLOW, allow(&methods))).insert_header((CONTENT_LENGTH, "0")).finish())
}

fn label(request: &HttpRequest, api: Api, place: &Place, method: &Method) {
    let (resource, action): (&Resource, _) = match (place, method.as_str()) {
        (Place::Operations, _) => {
            return trace::label(request, Labels { api: api.name(), resource: "operations", action: "operations" });
        }
        (Place::Changes, _) => {
            return trace::label(request, Labels { api: api.name(), resource: "changes", action: "list" });
        }
        (Place::BelowOperation(_, part), _) => (&ASYNC_OPERATION, part.word()),
        (Place::Collection(resource), "GET" | "HEAD") => (resource, "list"),
        (Place::Collection(resource), "POST") => (resource, "create"),
        (Place::Collection(resource), "PATCH") => (resource, "update_list"),
        (Place::Collection(resource), "DELETE") => (resource, "delete_list"),
        (Place::Item(resource, _) | Place::Singleton(resource), "GET" | "HEAD") => (resource, "get"),
        (Place::Item(resource, _), "PATCH") => (resource, "update"),
        (Place::Item(resource, _), "DELETE") => (resource, "delete"),
        (Place::SubResource(resource, ..), _) => (resource, "get_subresource"),
        (Place::Command(resource, _, command), _) => (resource, command.name),
        (Place::Relationship(resource, ..), "GET" | "HEAD") => (resource, "get_relationship"),
        (Place::Relationship(resource, ..), "PATCH") => (resource, "update_relationship"),
        (Place::Relationship(resource, ..), "POST") => (resource, "add_relationship"),
        (Place::Relationship(resource, ..), "DELETE") => (resource, "delete_relationship"),
        (Place::Collection(resource) | Place::Item(resource, _) | Place::Singleton(resource), _) => (resource, "other"),
        (Place::Relationship(resource, ..), _) => (resource, "other"),
    };
    trace::label(request, Labels { api: api.name(), resource: resource.name, action });
}
