//! Every route of the server, on one page.
//!
//! A request passes [`trace`] (request id, log line, metrics) and then one of the routes below. The resource routes
//! of both APIs follow from their registries; everything else is listed here by hand.

pub mod answer;
pub mod docs;
pub mod health;
pub mod limits;
pub mod metrics;
pub mod trace;

use actix_web::web::{self, ServiceConfig, get};
use actix_web::{HttpRequest, HttpResponse};

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
        // The API documents.
        .configure(|service| docs::routes(app, service))
        // The resources of both APIs, back office first: its root may lie under the storefront's.
        // Anything else.
        .default_service(web::route().to(no_route));
}

async fn no_route(request: HttpRequest) -> HttpResponse {
    let text = format!("No route found for \"{} {}\".", request.method(), request.path());
    answer::refuse(&request, &Error::new(&crate::error::NOT_FOUND, text).into())
}
