//! Refusals on the wire: the errors document, its headers, and the statuses that have no body.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};

use super::media_type::Profile;
use super::{extract, trace};
use crate::auth::{CHALLENGE, challenge};
use crate::error::Errors;

/// The media type of every document.
pub const JSON_API: &str = "application/vnd.api+json";

/// The answer to a request that is refused. A 405 has an empty body and tells the methods that would work; a 401
/// has an empty body and names the scheme that would work.
pub fn refuse(request: &HttpRequest, errors: &Errors) -> HttpResponse {
    let mut answer = document(errors, &trace::request_id(request));
    if let Some(media_type) = answer.headers_mut().get_mut(CONTENT_TYPE) {
        *media_type = HeaderValue::from_static(Profile::of(request).media_type());
    }
    if answer.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(challenge(extract::credentials(request)));
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}

/// [`refuse`], where only the request's id is known.
pub(super) fn document(errors: &Errors, id: &str) -> HttpResponse {
    let status = StatusCode::from_u16(errors.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = errors.0.iter().filter_map(|error| error.retry_after).max() {
        answer.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(allow) = errors.0.iter().find_map(|error| error.allow.as_ref()) {
        answer.insert_header((ALLOW, allow.as_str()));
    }
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE)));
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED) {
        return answer.finish();
    }
    answer.insert_header((CONTENT_TYPE, HeaderValue::from_static(JSON_API)));
    answer.body(errors.document(id))
}
