//! What a read has found, as an answer: its headers, and its body, piece by piece where it is large.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::job::{Guard, Job, Outcome};
use crate::db::Db;
use crate::engine::load::{Facts, Progress};
use crate::error::{Error, Errors};
use crate::http::call::Call;
use crate::http::etag;

static TOTAL_COUNT: HeaderName = HeaderName::from_static("x-include-total-count");
static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The answer, whole or piece by piece.
pub(super) fn answer(
    request: &HttpRequest,
    call: &Call,
    job: Job,
    outcome: Outcome,
    planned: Duration,
    loaded: Duration,
) -> HttpResponse {
    let (body, facts) = match outcome {
        Outcome::Whole(body, facts) => (body, facts),
        Outcome::Begun(body, progress) => {
            let mut response = head(call, progress.facts, planned, loaded);
            if request.method() == Method::HEAD {
                return response.finish();
            }
            return response.streaming(pieces(call.app.db.clone(), job, body, progress));
        }
    };
    let mut response = head(call, facts, planned, loaded);
    if matches!(job.guard, Guard::Item(..)) {
        let tag = etag::tag(facts.version.unwrap_or_default(), &body);
        response.insert_header((ETAG, tag.as_str()));
        if etag::is_known(request, &tag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
    }
    response.body(body)
}

fn head(call: &Call, facts: Facts, planned: Duration, loaded: Duration) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(call.profile.media_type())));
    let milliseconds = |duration: Duration| duration.as_micros() as f64 / 1000.0;
    let timing = format!("plan;dur={}, load;dur={}", milliseconds(planned), milliseconds(loaded));
    response.insert_header((SERVER_TIMING.clone(), timing));
    if let Some(total) = facts.total {
        response.insert_header((TOTAL_COUNT.clone(), total));
    }
    response
}

/// The rest of a large document, piece by piece; between two pieces the connection is free for others. An error ends
/// the stream, and with it the connection to the client: a document that breaks off never looks whole.
fn pieces(
    db: Db,
    job: Job,
    begun: Vec<u8>,
    progress: Box<Progress>,
) -> impl futures_util::Stream<Item = Result<Bytes, Errors>> {
    let first = futures_util::stream::once(std::future::ready(Ok(Bytes::from(begun))));
    let job = Arc::new(job);
    let rest = futures_util::stream::unfold(Some(progress), move |progress| {
        let (db, job) = (db.clone(), job.clone());
        async move {
            let mut progress = Some(progress?);
            let step = db.run(move |conn| {
                // What is half done cannot be repeated on another connection.
                let mut progress = progress.take().ok_or_else(Error::database_away)?;
                let plan = job.authorize()?;
                let mut piece = Vec::new();
                let more = progress.next(conn, &plan, &job.view, &mut piece)?;
                Ok::<_, Errors>((piece, more.then_some(progress)))
            });
            Some(match step.await {
                Ok((piece, progress)) => (Ok(Bytes::from(piece)), progress),
                Err(errors) => {
                    tracing::warn!(%errors, "a large answer broke off");
                    (Err(errors), None)
                }
            })
        }
    });
    futures_util::StreamExt::chain(first, rest)
}
