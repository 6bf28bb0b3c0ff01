//! What every request gets: an id, a line in the log, a count in the metrics, and an answer even after a panic.
//!
//! The id is the client's `X-Request-ID` when that is a plain word, else a new one. It stands in the answer's header,
//! in every error object and in every log line of the request. The log tells method and path, never the query, a
//! header or a body.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use tracing::Instrument;

use super::protection::Protection;
use super::{answer, metrics, rate};
use crate::app::App;
use crate::error::Error;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
struct RequestId(String);

/// What a request turned out to be, for metrics: the API, the resource type and the action.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    pub api: &'static str,
    pub resource: &'static str,
    /// `list`, `get`, `create`, ...
    pub action: &'static str,
}

/// Of a request that is none of a resource's.
const UNKNOWN: Labels = Labels { api: "none", resource: "none", action: "none" };

#[derive(Clone)]
struct Who {
    client: String,
    /// What kind of caller it is, and its id.
    principal: (&'static str, i64),
}

/// The id of the request.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Tells the metrics what the request is.
pub fn label(request: &HttpRequest, labels: Labels) {
    request.extensions_mut().insert(labels);
}

/// Tells the log who is calling.
pub fn caller(request: &HttpRequest, client: &str, principal: (&'static str, i64)) {
    request.extensions_mut().insert(Who { client: client.to_owned(), principal });
}

/// The outermost middleware.
pub async fn trace<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let start = Instant::now();
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_word(id));
    let id = given.map_or_else(|| uuid::Uuid::new_v4().simple().to_string(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let app = request.app_data::<web::Data<App>>();
    let marks = Marks { protection: app.map(|app| Protection::of(request.request(), app)).unwrap_or_default(), id };
    let span = tracing::info_span!("request", id = %marks.id);
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let _entered = span.enter();
    match outcome {
        Ok(Ok(response)) => {
            let mut response = response.map_into_boxed_body();
            marks.apply(response.headers_mut());
            rate::tell(&mut response);
            record(&response, start);
            Ok(response)
        }
        // The request is gone with the handler that failed; what is left is its id.
        Ok(Err(error)) => Err(failed(error.error_response(), marks, start)),
        Err(_) => {
            let answer = answer::document(&Error::internal("a handler panicked").into(), &marks.id);
            Err(failed(answer, marks, start))
        }
    }
}

/// Headers that every answer gets.
struct Marks {
    id: String,
    protection: Protection,
}

impl Marks {
    fn apply(self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID.clone(), value);
        }
        self.protection.apply(headers);
    }
}

fn failed(mut response: HttpResponse, marks: Marks, start: Instant) -> actix_web::Error {
    marks.apply(response.headers_mut());
    let status = response.status().as_u16();
    metrics::request(UNKNOWN, status, start.elapsed());
    tracing::warn!(status, "the request failed outside of its handler");
    InternalError::from_response("the request failed outside of its handler", response).into()
}

fn record(response: &ServiceResponse, start: Instant) {
    let duration = start.elapsed();
    let request = response.request();
    let status = response.status().as_u16();
    let extensions = request.extensions();
    metrics::request(extensions.get::<Labels>().copied().unwrap_or(UNKNOWN), status, duration);
    let who = extensions.get::<Who>();
    let of = |kind| who.map(|who| who.principal).filter(|(own, _)| *own == kind).map(|(_, id)| id);
    tracing::info!(
        method = %request.method(),
        path = request.path(),
        status,
        ms = duration.as_micros() as f64 / 1000.0,
        client = who.map(|who| who.client.as_str()),
        user = of("user"),
        customer_user = of("customer user"),
        visitor = of("visitor"),
        "answered"
    );
}

fn is_word(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
