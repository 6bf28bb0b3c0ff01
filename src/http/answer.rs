//! Answers as plain data, and refusals on the wire: the errors document, its headers, and the statuses that have no body.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};

use super::media_type::Profile;
use super::{extract, trace};
use crate::auth::{CHALLENGE, challenge};
use crate::error::Errors;

/// The media type of every document.
pub const JSON_API: &str = "application/vnd.api+json";

/// An answer as plain data: made inside a transaction, sent after its COMMIT, stored for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without headers and body.
    pub fn new(status: StatusCode) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer with a document.
    pub fn document(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Answer {
        Answer { status, headers: vec![(CONTENT_TYPE, HeaderValue::from_static(media_type))], body }
    }

    /// The errors document. A 405 has an empty body and tells the methods that would work; so has a 401. `id`: the
    /// request's.
    pub fn refusal(errors: &Errors, media_type: &'static str, id: &str) -> Answer {
        let status = StatusCode::from_u16(errors.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = match status {
            StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED => Answer::new(status),
            _ => Answer::document(status, media_type, errors.document(id)),
        };
        if let Some(seconds) = errors.0.iter().filter_map(|error| error.retry_after).max() {
            answer.headers.push((RETRY_AFTER, seconds.into()));
        }
        if let Some(allow) = errors.0.iter().find_map(|error| error.allow.as_ref()) {
            answer = answer.with(ALLOW, allow);
        }
        if status == StatusCode::UNAUTHORIZED {
            answer.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE)));
        }
        answer
    }

    /// The answer with one more header; a text that no header can hold is left out.
    pub fn with(mut self, name: HeaderName, value: &str) -> Answer {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    pub fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        if self.body.is_empty() { response.finish() } else { response.body(self.body) }
    }
}

/// The answer to a request that is refused. A 401 names the scheme that would work.
pub fn refuse(request: &HttpRequest, errors: &Errors) -> HttpResponse {
    let media_type = Profile::of(request).media_type();
    let mut answer = Answer::refusal(errors, media_type, &trace::request_id(request)).respond();
    if answer.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(challenge(extract::credentials(request)));
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}

/// [`refuse`], where only the request's id is known.
pub(super) fn document(errors: &Errors, id: &str) -> HttpResponse {
    Answer::refusal(errors, JSON_API, id).respond()
}
