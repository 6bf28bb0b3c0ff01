//! The caller of a request.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName};

use super::{address, rate, trace};
use crate::acl::Caller;
use crate::app::App;
use crate::auth::{Api, Headers};
use crate::error::Error;

static WSSE: HeaderName = HeaderName::from_static("x-wsse");

/// Who sends the request, told by its header `Authorization` or `X-WSSE`; else the 401. The request is counted for the caller, or for
/// the address of who is none, and refused where there were too many or the caller may not call from there. Tokens in the query string
/// or in the body are not looked at. To be called before the body is read.
pub async fn caller(request: &HttpRequest, app: &App, api: Api) -> Result<Arc<Caller>, Error> {
    let known = recognised(request, app, api).await;
    match &known {
        Ok(caller) => rate::count(request, app, caller)?,
        Err(error) if error.status() < 500 => rate::count_unknown(request, app)?,
        Err(_) => {}
    }
    known
}

async fn recognised(request: &HttpRequest, app: &App, api: Api) -> Result<Arc<Caller>, Error> {
    let caller = app.auth.authenticate(&app.db, api, credentials(request)).await?;
    trace::caller(request, &caller.client, caller.principal.label());
    address::check(&caller.networks, address::of(request, app))?;
    Ok(caller)
}

/// The headers that tell the caller.
pub fn credentials(request: &HttpRequest) -> Headers<'_> {
    Headers { authorization: single(request, &AUTHORIZATION), wsse: single(request, &WSSE) }
}

/// A header's text. Two of them could be read as one by a proxy and as the other here: then it is empty, which is no
/// credentials of any scheme.
fn single<'r>(request: &'r HttpRequest, name: &HeaderName) -> Option<&'r str> {
    let mut headers = request.headers().get_all(name);
    match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(header), None) => Some(header.to_str().unwrap_or_default()),
        (Some(_), Some(_)) => Some(""),
    }
}
