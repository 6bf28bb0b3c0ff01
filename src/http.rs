//! Every route of the server, on one page.
//!
//! A request passes [`trace`] (request id, log line, metrics) and then one of the routes below. The resource routes
//! of both APIs follow from their registries; everything else is listed here by hand.

pub mod address;
pub mod answer;
pub mod call;
pub mod cors;
pub mod docs;
pub mod etag;
pub mod extract;
pub mod health;
pub mod limits;
pub mod media_type;
pub mod metrics;
pub mod place;
pub mod rate;
pub mod read;
pub mod resources;
pub mod token;
pub mod trace;
pub mod write;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig, get};
use actix_web::{HttpRequest, HttpResponse, Resource};

use crate::app::App;
use crate::error::Error;

/// Mounts every route.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    service
        // The process.
        .route("/health/live", get().to(health::live))
        .route("/health/ready", get().to(health::ready))
        .route("/metrics", get().to(metrics::show))
        // Tokens and keys.
        .configure(|service| {
            for path in token_paths(app) {
                service.service(token_endpoint(&path));
            }
        })
        .route("/.well-known/jwks.json", get().to(token::jwks))
        // The API documents.
        .configure(|service| docs::routes(app, service))
        // The resources of both APIs.
        .configure(|service| resources::routes(app, service))
        // Anything else.
        .default_service(web::route().to(no_route));
}

/// The paths of the token endpoint: its own, and one under the back office.
fn token_paths(app: &App) -> [String; 2] {
    ["/oauth2-token".to_owned(), format!("{}/oauth2-token", back_office(app))]
}

fn token_endpoint(path: &str) -> Resource {
    web::resource(path)
        .route(web::post().to(token::create))
        .route(web::method(Method::OPTIONS).to(token::options))
        .default_service(web::route().to(token::not_allowed))
}

/// The path of the back office as a whole: `/admin` where its API is `/admin/api`.
fn back_office(app: &App) -> &str {
    let root = app.config.http.admin_root.as_str();
    root.rsplit_once('/').map_or(root, |(parent, _)| if parent.is_empty() { root } else { parent })
}

async fn no_route(request: HttpRequest) -> HttpResponse {
    let text = format!("No route found for \"{} {}\".", request.method(), request.path());
    answer::refuse(&request, &Error::new(&crate::error::NOT_FOUND, text).into())
}
