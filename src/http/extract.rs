//! The caller of a request.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::{address, rate, trace};
use crate::acl::Caller;
use crate::app::App;
use crate::auth::Api;
use crate::error::Error;

/// Who sends the request, told by its header `Authorization`; else the 401. The request is counted, and refused where the
/// caller has sent too many or may not call from there. Tokens in the query string or in the body
/// are not looked at. To be called before the body is read.
pub async fn caller(request: &HttpRequest, app: &App, api: Api) -> Result<Arc<Caller>, Error> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    // Two of them could be read as one by a proxy and as the other here.
    let header = match (headers.next(), headers.next()) {
        (Some(header), None) => header.to_str().ok(),
        _ => None,
    };
    let caller = app.auth.authenticate(&app.db, api, header).await?;
    trace::caller(request, &caller.client, caller.user);
    rate::count(request, app, &caller.client)?;
    address::check(&caller.networks, address::of(request, app))?;
    Ok(caller)
}
