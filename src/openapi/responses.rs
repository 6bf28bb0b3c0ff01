//! Responses and headers that are shared: one response per error status, with the codes it may carry.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{Components, Content, Header, RefOr, Response, ResponseBuilder, ResponsesBuilder};

use super::schemas::{integer, string};
use super::{MEDIA_TYPE, component, schema_ref};
use crate::error::{CODES, Code};

/// The name of the response of an error status, and what it means.
const STATUSES: &[(u16, &str, &str)] = &[
    (400, "bad_request", "The request is wrong; each error says where and what would be right."),
    (401, "unauthenticated", "No token, or one that is not valid here. The body is empty."),
    (403, "forbidden", "The caller may not do this."),
    (404, "not_found", "There is no such record, or no such type or relationship."),
    (405, "method_not_allowed", "The method is not there; `Allow` has those that are. The body is empty."),
    (406, "not_acceptable", "The answer is JSON:API, and `Accept` does not allow it."),
    (408, "request_timeout", "The body did not arrive in time."),
    (
        409,
        "conflict",
        "The request contradicts the URL or what is stored, or the first one with its idempotency key is still under way.",
    ),
    (410, "gone", "The place to go on from is not kept any more."),
    (412, "precondition_failed", "The record has changed since it was read."),
    (413, "body_too_large", "The body is larger than the server accepts."),
    (415, "unsupported_media_type", "The body is not JSON:API."),
    (422, "unprocessable", "The idempotency key was sent with another request."),
    (429, "too_many_requests", "The client has sent too many requests; `Retry-After` says when to go on."),
    (500, "internal", "The server met something unexpected; its log has the details under the request's id."),
    (503, "unavailable", "Not now, or not in time; each error says what to do."),
];

/// Headers of answers: component, name on the wire, meaning.
const HEADERS: &[(&str, &str, &str)] = &[
    ("request_id", "X-Request-ID", "The id of this request; it is in the server's log too."),
    ("total_count", "X-Include-Total-Count", "The number of records that match, whatever the page; when asked for."),
    ("deleted_count", "X-Include-Deleted-Count", "The number of records deleted; when asked for."),
    ("location", "Location", "The URL of the record that was created."),
    ("content_location", "Content-Location", "The URL of the operation that works the request off."),
    ("etag", "ETag", "The state of the record; for `If-Match` and `If-None-Match`."),
    ("cache_control", "Cache-Control", "Who may keep the answer, and for how long."),
    (
        "content_disposition",
        "Content-Disposition",
        "Whether a browser shows the content or stores it, and the file's name.",
    ),
    ("accept_ranges", "Accept-Ranges", "`bytes`: parts may be asked for."),
    ("content_range", "Content-Range", "Which bytes of how many these are."),
    ("idempotency_replayed", "Idempotency-Replayed", "`true` where this is the stored answer to an earlier request."),
    ("allow", "Allow", "The methods that are there."),
    ("www_authenticate", "WWW-Authenticate", "The scheme in which to authenticate."),
    ("retry_after", "Retry-After", "Seconds after which to repeat the request."),
    (
        "rate_limit",
        "RateLimit",
        "How many requests the client has left, and the seconds until it has all of them again.",
    ),
    ("rate_limit_policy", "RateLimit-Policy", "How many requests the client may send, in how many seconds."),
    (
        "server_timing",
        "Server-Timing",
        "Milliseconds from the query to a plan (`plan`), and for reading and writing out the records (`load`).",
    ),
    ("vary", "Vary", "The request headers that the answer depends on."),
];

/// Headers of every answer, the last two where the request was authenticated.
const ALWAYS: &[&str] = &["request_id", "rate_limit", "rate_limit_policy"];

/// All of them.
pub fn shared(components: &mut Components) {
    for (name, _, about) in HEADERS {
        let counts = name.ends_with("_count") || *name == "retry_after";
        let schema = if counts { integer() } else { string() };
        let header: Header = HeaderBuilder::new().schema(Some(schema)).description(Some(*about)).build();
        components.headers.insert((*name).to_owned(), RefOr::T(header));
    }
    for (status, name, about) in STATUSES {
        components.responses.insert((*name).to_owned(), RefOr::T(error(*status, about)));
    }
}

/// An answer without a body.
pub fn empty(about: &str, headers: &[&str]) -> Response {
    with_headers(ResponseBuilder::new().description(about), headers).build()
}

/// An answer with a JSON:API document.
pub fn document(about: &str, content: Content, headers: &[&str]) -> Response {
    with_headers(ResponseBuilder::new().description(about).content(MEDIA_TYPE, content), headers).build()
}

/// An answer with a document of another media type.
pub fn document_as(media_type: &str, about: &str, content: Content, headers: &[&str]) -> Response {
    with_headers(ResponseBuilder::new().description(about).content(media_type, content), headers).build()
}

/// Adds the responses of error statuses by reference.
pub fn errors(mut responses: ResponsesBuilder, statuses: &[u16]) -> ResponsesBuilder {
    for (status, name, _) in STATUSES.iter().filter(|(status, _, _)| statuses.contains(status)) {
        let reference: RefOr<Response> = component("responses", name);
        responses = responses.response(status.to_string(), reference);
    }
    responses
}

fn with_headers(mut response: ResponseBuilder, headers: &[&str]) -> ResponseBuilder {
    for (name, wire, _) in HEADERS.iter().filter(|(name, _, _)| ALWAYS.contains(name) || headers.contains(name)) {
        response = response.header_ref(*wire, utoipa::openapi::Ref::new(format!("#/components/headers/{name}")));
    }
    response
}

fn error(status: u16, about: &str) -> Response {
    match status {
        401 => return empty(about, &["www_authenticate"]),
        405 => return empty(about, &["allow"]),
        _ => {}
    }
    let codes: Vec<&Code> = CODES.iter().copied().filter(|code| code.status == status).collect();
    let lines: Vec<String> = codes.iter().map(|code| format!("`{}` ({})", code.name, code.title)).collect();
    let example = codes.first().map(|code| {
        json!({"jsonapi": {"version": "1.1"}, "errors": [{
            "id": "0197f2f0-5c1e-7c3a-9d57-1f5e0f6a2b11",
            "status": code.status.to_string(),
            "code": code.name,
            "title": code.title,
            "detail": about,
        }]})
    });
    let content = ContentBuilder::new().schema(Some(schema_ref("errors"))).example(example).build();
    let headers: &[&str] = match status {
        409 | 429 | 503 => &["retry_after"],
        _ => &[],
    };
    document(&format!("{about} Codes: {}.", lines.join(", ")), content, headers)
}
