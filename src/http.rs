//! Every route of the server, on one page.
//!
//! A request passes [`trace`] (request id, log line, metrics) and then one of the routes below. The resource routes
//! of both APIs follow from their registries; everything else is listed here by hand.

pub mod address;
pub mod answer;
pub mod async_operation;
pub mod authorize;
pub mod batch;
pub mod call;
pub mod changes;
pub mod connection;
pub mod cors;
pub mod docs;
pub mod etag;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod limits;
mod locale;
pub mod media;
pub mod media_type;
pub mod metadata;
pub mod metrics;
pub mod operations;
pub mod origin;
pub mod place;
pub mod protection;
pub mod rate;
pub mod read;
pub mod resources;
pub mod token;
pub mod trace;
pub mod transact;
pub mod write;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

use crate::app::App;
use crate::auth::Api;
use crate::error::Error;

/// Mounts every route.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    service
        // The process.
        .service(metadata::document("/health/live", health::live))
        .service(metadata::document("/health/ready", health::ready))
        .service(metadata::document("/metrics", metrics::show))
        // Tokens and keys.
        .configure(|service| {
            for path in token_paths(app) {
                service.service(form_endpoint(&format!("{path}/revoke"), web::post().to(token::state::revoke)));
                service.service(form_endpoint(&format!("{path}/introspect"), web::post().to(token::state::introspect)));
                service.service(form_endpoint(&path, web::post().to(token::create)));
            }
        })
        .configure(|service| authorize::routes(app, service))
        .configure(|service| metadata::routes(app, service))
        .service(metadata::document("/.well-known/jwks.json", token::jwks))
        // The API documents.
        .configure(|service| docs::routes(app, service))
        // The contents of files.
        .configure(media::routes)
        // The resources of both APIs.
        .configure(|service| resources::routes(app, service))
        // Anything else.
        .default_service(web::route().to(no_route));
}

/// The paths of the token endpoint: its own, and one under the back office.
fn token_paths(app: &App) -> [String; 2] {
    ["/oauth2-token".to_owned(), format!("{}/oauth2-token", login_prefix(app, Api::Admin))]
}

/// What clients send credentials to, by POST alone.
fn form_endpoint(path: &str, post: Route) -> Resource {
    web::resource(path)
        .route(post)
        .route(web::method(Method::OPTIONS).to(token::options))
        .default_service(web::route().to(token::not_allowed))
}

/// Where the endpoints of logins begin, for an API: nothing for the storefront.
fn login_prefix(app: &App, api: Api) -> &str {
    match api {
        Api::Admin => back_office(&app.config.http.admin_root),
        Api::Storefront => "",
    }
}

/// The path of the back office as a whole: `/admin` where its API's root is `/admin/api`.
pub fn back_office(root: &str) -> &str {
    root.rsplit_once('/').map_or(root, |(parent, _)| if parent.is_empty() { root } else { parent })
}

/// The answer where nothing is.
pub async fn no_route(request: HttpRequest) -> HttpResponse {
    answer::refuse(&request, &no_such_route(&request).into())
}

/// The 404 of a path that nothing answers to.
fn no_such_route(request: &HttpRequest) -> Error {
    let text = format!("No route found for \"{} {}\".", request.method(), request.path());
    Error::new(&crate::error::NOT_FOUND, text)
}
