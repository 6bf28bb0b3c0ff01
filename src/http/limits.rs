//! How much a request may carry: the size of its body, the nesting of its JSON and the number of values in it.

use std::io;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, Payload};

use crate::config::{Http, Limits};
use crate::engine::document::shape::{self, Excess};
use crate::error::Error;

/// Reads a body, up to the limits. Call it after the caller is known: nobody else's body is read.
pub async fn body(request: &HttpRequest, payload: Payload, limits: &Http) -> Result<Bytes, Error> {
    let bytes = bytes(request, payload, limits).await?;
    match shape::check(&bytes, limits.json_depth, limits.json_values) {
        Ok(()) => Ok(bytes),
        Err(Excess::Depth) => Err(Error::json_too_deep(limits.json_depth)),
        Err(Excess::Values) => Err(Error::json_too_many(limits.json_values)),
    }
}

/// Reads a body that need not be JSON, up to the limit of its size.
pub async fn bytes(request: &HttpRequest, payload: Payload, limits: &Http) -> Result<Bytes, Error> {
    length(request, limits.body_limit as u64)?;
    match payload.to_bytes_limited(limits.body_limit).await {
        Err(_) => Err(Error::body_too_large(limits.body_limit)),
        Ok(Err(error)) => Err(unread(error, limits)),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

/// Refuses a body that is told to be longer, before any of it is read.
pub fn length(request: &HttpRequest, limit: u64) -> Result<(), Error> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit => Err(Error::body_too_large(usize::try_from(limit).unwrap_or(usize::MAX))),
        _ => Ok(()),
    }
}

/// What a body that does not come in to its end is answered with.
pub fn unread(error: actix_web::Error, limits: &Http) -> Error {
    if is_late(&error) {
        return Error::body_too_slow(limits.body_timeout.as_secs());
    }
    Error::request_data(format!("The body could not be read: {error}."))
}

/// Whether a body did not arrive in time.
pub fn is_late(error: &actix_web::Error) -> bool {
    matches!(error.as_error(), Some(PayloadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut)
}

/// Refuses more records in `included` than one request may write.
pub fn included(limits: &Limits, count: usize) -> Result<(), Error> {
    if count <= limits.included_records {
        return Ok(());
    }
    let limit = limits.included_records;
    let text = format!("The section \"included\" has {count} items. At most {limit} are allowed in one request.");
    Err(Error::request_data(text).at("/included"))
}
