//! What programs are told of the ways in: the authorization servers (RFC 8414) and the protected resources (RFC 9728).
//!
//! Each API has an authorization server of its own, whose issuer is the URL of `oauth2-server`: `{origin}/oauth2-server`
//! for the storefront, `{origin}/admin/oauth2-server` for the back office. The documents lie under `/.well-known/` with
//! the issuer's path behind; that of the authorization server also lies at the issuer itself, and that of the storefront
//! at the bare well-known path.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::{self, ServiceConfig, get, head};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};
use serde_json::{Value, json};

use super::origin::origin;
use super::{address, answer, authorize, login_prefix};
use crate::app::App;
use crate::auth::Api;
use crate::error::Error;

const READ_ONLY: &str = "OPTIONS, GET";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// Mounts the documents of both APIs.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    for api in Api::ALL {
        let server = move |request: HttpRequest, app: web::Data<App>| {
            let answer = show(&request, &app, api, authorization_server);
            async move { answer }
        };
        let resource = move |request: HttpRequest, app: web::Data<App>| {
            let answer = show(&request, &app, api, protected_resource);
            async move { answer }
        };
        let own = server_path(app, api);
        let mut servers = vec![format!("{AUTHORIZATION_SERVER}{own}"), own];
        if api == Api::Storefront {
            servers.push(AUTHORIZATION_SERVER.to_owned());
        }
        for path in servers {
            service.service(document(&path, server));
        }
        let root = &app.registry(api).root;
        service.service(document(&format!("{PROTECTED_RESOURCE}{root}"), resource));
    }
}

/// The issuer of an API's codes and tokens, a URL.
pub fn issuer(request: &HttpRequest, app: &App, api: Api) -> String {
    format!("{}{}", origin(request, app), server_path(app, api))
}

/// Tells in a 401 of an API where its description is: RFC 9728, section 5.1. Clients of other schemes know theirs.
pub(super) fn point(request: &HttpRequest, app: &App, api: Api, response: &mut HttpResponse) {
    let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|challenge| challenge.to_str().ok());
    let Some(challenge) = challenge.filter(|challenge| challenge.starts_with("Bearer ")) else { return };
    let (origin, root) = (origin(request, app), &app.registry(api).root);
    let text = format!("{challenge}, resource_metadata=\"{origin}{PROTECTED_RESOURCE}{root}\"");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

/// The path of an API's issuer.
pub(super) fn server_path(app: &App, api: Api) -> String {
    format!("{}/oauth2-server", login_prefix(app, api))
}

/// A document that is only read.
pub(super) fn document<F, Arguments>(path: &str, handler: F) -> Resource
where
    F: Handler<Arguments> + Copy,
    Arguments: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(get().to(handler))
        .route(head().to(handler))
        .route(web::method(Method::OPTIONS).to(options))
        .default_service(web::route().to(not_allowed))
}

async fn options() -> HttpResponse {
    HttpResponse::Ok().insert_header((ALLOW, READ_ONLY)).finish()
}

async fn not_allowed(request: HttpRequest) -> HttpResponse {
    answer::refuse(&request, &Error::method_not_allowed(READ_ONLY).into())
}

fn show(request: &HttpRequest, app: &App, api: Api, document: fn(&HttpRequest, &App, Api) -> Value) -> HttpResponse {
    if let Err(error) = address::admit(request, app, api) {
        return answer::refuse(request, &error.into());
    }
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(document(request, app, api))
}

fn authorization_server(request: &HttpRequest, app: &App, api: Api) -> Value {
    let origin = origin(request, app);
    let token = format!("{origin}{}/oauth2-token", login_prefix(app, api));
    let mut document = json!({
        "issuer": issuer(request, app, api),
        "authorization_endpoint": format!("{origin}{}", authorize::path(app, api)),
        "token_endpoint": token,
        "revocation_endpoint": format!("{token}/revoke"),
        "introspection_endpoint": format!("{token}/introspect"),
        "jwks_uri": format!("{origin}/.well-known/jwks.json"),
        "grant_types_supported": ["authorization_code", "client_credentials", "password", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "ui_locales_supported": ["en"],
    });
    if api == Api::Storefront && app.config.api.visitors {
        document["visitor_authorization_endpoint"] = Value::from(format!("{token}/authorize-visitor"));
    }
    document
}

fn protected_resource(request: &HttpRequest, app: &App, api: Api) -> Value {
    let origin = origin(request, app);
    let root = &app.registry(api).root;
    json!({
        "resource": format!("{origin}{root}"),
        "resource_name": match api {
            Api::Admin => "Entrepot back-office API",
            Api::Storefront => "Entrepot storefront API",
        },
        "authorization_servers": [issuer(request, app, api)],
        "bearer_methods_supported": ["header"],
        "resource_documentation": format!("{origin}{root}/doc"),
    })
}
