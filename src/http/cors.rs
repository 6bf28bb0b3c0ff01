//! Cross-origin requests (contract section 18): the headers that let pages of configured origins call from a browser.
//!
//! Input: a request's `Origin`, its path and the settings. Output: headers on its answer, errors included. A preflight
//! is answered by the route's own OPTIONS; its `Allow` becomes `Access-Control-Allow-Methods`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ALLOW, CACHE_CONTROL, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::web;

use super::media;
use super::metadata::server_path;
use super::origin::origin;
use super::token_paths;
use crate::app::App;
use crate::auth::Api;
use crate::config::CorsBlock;

const ALLOW_HEADERS: &str = "Authorization,Content-Type,X-Include,Idempotency-Key";
const EXPOSE_HEADERS: &str = "Location,X-Include-Total-Count,X-Include-Deleted-Count,Idempotency-Replayed";

/// What is to be added to the answer of a request.
struct Grant {
    app: web::Data<App>,
    block: fn(&App) -> &CorsBlock,
    /// The origin to be allowed, if it is one of another site and listed.
    origin: Option<HeaderValue>,
    preflight: bool,
}

/// The middleware.
pub async fn cors<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let grant = Grant::of(&request);
    let mut response = next.call(request).await?;
    if let Some(grant) = grant {
        let works = response.status().is_success();
        grant.apply(response.headers_mut(), works);
    }
    Ok(response)
}

impl Grant {
    fn of(request: &ServiceRequest) -> Option<Grant> {
        let app = request.app_data::<web::Data<App>>()?.clone();
        let block = block(&app, request.path())?;
        let listed = &block(&app).allow_origins;
        if listed.is_empty() {
            return None;
        }
        let own = origin(request.request(), &app);
        let given = request.headers().get(ORIGIN).filter(|given| {
            let text = given.to_str().unwrap_or_default();
            !text.is_empty()
                && !text.eq_ignore_ascii_case(&own)
                && listed.iter().any(|origin| origin == "*" || origin.eq_ignore_ascii_case(text))
        });
        let origin = given.cloned();
        let preflight =
            request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Some(Grant { app, block, origin, preflight })
    }

    /// `works`: the status is not an error's.
    fn apply(self, headers: &mut HeaderMap, works: bool) {
        // A cache must not give one origin the answer to another, nor to a request without one.
        let varies =
            |value: &HeaderValue| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("origin"));
        if !headers.get_all(VARY).any(varies) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = self.origin else { return };
        let block = (self.block)(&self.app);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if block.allow_credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if !self.preflight {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, joined(EXPOSE_HEADERS, &block.expose_headers));
            return;
        }
        if let Some(methods) = headers.remove(ALLOW).next() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if works {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, joined(ALLOW_HEADERS, &block.allow_headers));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=600, public"));
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// The settings for a path, if it is one that pages may call.
fn block(app: &App, path: &str) -> Option<fn(&App) -> &CorsBlock> {
    let of_tokens = |token: &String| {
        path.strip_prefix(token.as_str()).is_some_and(|rest| matches!(rest, "" | "/revoke" | "/introspect"))
    };
    let of_metadata = || Api::ALL.iter().any(|api| server_path(app, *api) == path);
    if path.starts_with("/.well-known/") || token_paths(app).iter().any(of_tokens) || of_metadata() {
        return Some(|app| &app.config.cors.token);
    }
    if path.starts_with(media::ROOT) {
        return Some(|app| &app.config.cors.storefront);
    }
    let below = |root: &str| path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
    let (admin, storefront) = (below(&app.admin.root), below(&app.storefront.root));
    // One may lie under the other: the longer root is the nearer one.
    let in_admin = admin.is_some() && (storefront.is_none() || app.admin.root.len() > app.storefront.root.len());
    match if in_admin { admin? } else { storefront? } {
        "openapi.json" => Some(|app| &app.config.cors.documents),
        _ if in_admin => Some(|app| &app.config.cors.admin),
        _ => Some(|app| &app.config.cors.storefront),
    }
}

fn joined(fixed: &str, more: &[String]) -> HeaderValue {
    let text = more.iter().fold(fixed.to_owned(), |text, name| text + "," + name);
    // Configured names are header names, so this cannot fail.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
