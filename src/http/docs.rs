//! The API documents, and Swagger UI over them: from this binary, without any other server.
//!
//! `{root}/openapi.json` is built once, when it is first asked for. `{root}/doc` is Swagger UI, collapsed and with a
//! filter; its files lie under `{root}/doc/`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, Header, HeaderValue, IfNoneMatch,
};
use actix_web::web::{self, Bytes, ServiceConfig, get, head};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::{Config, oauth, serve};

use super::{address, answer};
use crate::app::App;
use crate::auth::Api;
use crate::engine::registry::Registry;
use crate::error::Error;
use crate::openapi;

/// The rendered documents of both APIs, each built when it is first asked for.
#[derive(Default)]
pub struct Documents {
    admin: OnceLock<Document>,
    storefront: OnceLock<Document>,
}

struct Document {
    json: Bytes,
    tag: EntityTag,
}

impl Documents {
    fn of(&self, registry: &Registry) -> &Document {
        let slot = if registry.name == "storefront" { &self.storefront } else { &self.admin };
        slot.get_or_init(|| {
            let json = serde_json::to_vec(&openapi::document(registry)).unwrap_or_default();
            let mut hasher = DefaultHasher::new();
            json.hash(&mut hasher);
            Document { json: json.into(), tag: EntityTag::new_weak(format!("{:016x}", hasher.finish())) }
        })
    }
}

/// What the page needs beyond Swagger UI's own style: a filter's box is one line high.
const STYLE: &str = "\n.swagger-ui .parameters textarea { min-height: 2.6em; height: 2.6em; resize: vertical; }\n\
                     .swagger-ui .topbar { display: none; }\n";

/// Makes a page of a thousand operations usable at once.
const RESOLVER: &str = include_str!("docs/resolver.js");

/// Only what this server sends; Swagger UI sets styles on elements and draws icons from `data:`.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Where a login comes back to.
const REDIRECT_PAGE: &str = "oauth2-redirect.html";

/// Mounts the documents and pages of both APIs.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    for (api, registry) in [(Api::Admin, &app.admin), (Api::Storefront, &app.storefront)] {
        let root = registry.root.clone();
        let own = registry.clone();
        let document = move |request: HttpRequest, app: web::Data<App>| {
            let answer = match address::admit(&request, &app, api) {
                Ok(()) => document(&request, app.documents.of(&own)),
                Err(error) => answer::refuse(&request, &error.into()),
            };
            async move { answer }
        };
        let config = Arc::new(config(&root));
        let site = root.clone();
        let page = move |request: HttpRequest, app: web::Data<App>| {
            let file = match address::admit(&request, &app, api) {
                Ok(()) => file(&request, &site, config.clone()),
                Err(error) => answer::refuse(&request, &error.into()),
            };
            async move { file }
        };
        service
            .service(
                web::resource(format!("{root}/openapi.json"))
                    .route(get().to(document.clone()))
                    .route(head().to(document))
                    .route(web::method(Method::OPTIONS).to(options)),
            )
            .service(
                web::resource([format!("{root}/doc"), format!("{root}/doc/{{file:.*}}")])
                    .route(get().to(page.clone()))
                    .route(head().to(page)),
            );
    }
}

/// `OPTIONS` of a document.
async fn options() -> HttpResponse {
    HttpResponse::Ok().insert_header((ALLOW, "OPTIONS, GET")).finish()
}

fn document(request: &HttpRequest, document: &Document) -> HttpResponse {
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&document.tag)),
        Ok(IfNoneMatch::Any) => request.headers().contains_key("if-none-match"),
        Err(_) => false,
    };
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, document.tag.to_string())).insert_header((CACHE_CONTROL, "no-cache"));
    if known {
        return answer.finish();
    }
    answer.content_type("application/json").body(document.json.clone())
}

fn config(root: &str) -> Config<'static> {
    let login = oauth::Config::new().app_name("Entrepot").use_pkce_with_authorization_code_grant(true);
    Config::with_oauth_config([format!("{root}/openapi.json")], login)
        .oauth2_redirect_url(format!("{root}/doc/{REDIRECT_PAGE}"))
        .doc_expansion("none")
        .filter(true)
        .deep_linking(true)
        .display_request_duration(true)
        .try_it_out_enabled(true)
        .validator_url("none")
}

fn file(request: &HttpRequest, root: &str, config: Arc<Config<'static>>) -> HttpResponse {
    let name = request.match_info().get("file").unwrap_or_default();
    let file = match serve(name, config) {
        Ok(Some(file)) => file,
        Ok(None) => return answer::refuse(request, &Error::not_found().into()),
        Err(error) => return answer::refuse(request, &Error::internal(error).into()),
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(file.content_type);
    match name {
        // The page lies at `{root}/doc`, so its own references, made for `{root}/doc/`, are written out.
        "" | "index.html" => {
            let page = String::from_utf8_lossy(&file.bytes)
                .replace("\"./", &format!("\"{root}/doc/"))
                .replace("\"index.css", &format!("\"{root}/doc/index.css"))
                .replace("<title>Swagger UI", "<title>Entrepot API");
            answer
                .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
                .insert_header((CACHE_CONTROL, "no-cache"))
                .body(page)
        }
        REDIRECT_PAGE => answer
            .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .body(file.bytes.into_owned()),
        "swagger-initializer.js" => {
            let plugin = "SwaggerUIBundle.plugins.DownloadUrl";
            let redirect = format!("\"{root}/doc/{REDIRECT_PAGE}\"");
            let script = String::from_utf8_lossy(&file.bytes)
                .replace(plugin, &format!("{plugin}, FollowReferences"))
                // Clients name where they are answered to by the whole URL, which the browser knows.
                .replace(&redirect, &format!("location.origin + {redirect}"));
            answer.insert_header((CACHE_CONTROL, "no-cache")).body(format!("{RESOLVER}{script}"))
        }
        "index.css" => {
            let style = [file.bytes.as_ref(), STYLE.as_bytes()].concat();
            answer.insert_header((CACHE_CONTROL, "max-age=3600")).body(style)
        }
        _ => answer.insert_header((CACHE_CONTROL, "max-age=3600")).body(file.bytes.into_owned()),
    }
}
