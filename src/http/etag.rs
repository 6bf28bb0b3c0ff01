//! Entity tags of items: `"{version}-{representation}"`.
//!
//! The first part follows the record's attributes and linkage and is what `If-Match` compares, so that a client may read
//! with one set of `fields` and write with another. The second follows the bytes of the answer, included records and all, and is what
//! `If-None-Match` needs beside it.

use std::hash::{DefaultHasher, Hasher};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::error::{Error, PRECONDITION_FAILED};

/// The tag of an answer that shows a record of this version.
pub fn tag(version: u64, body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("\"{version:016x}-{:016x}\"", hasher.finish())
}

/// Whether the client already has the answer of this tag.
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let same = |given: &String| given == "*" || given.trim_start_matches("W/") == tag;
    given(request, &IF_NONE_MATCH).is_some_and(|tags| tags.iter().any(same))
}

/// The versions that a write is meant for.
#[derive(Clone, Debug)]
pub struct Precondition(Vec<String>);

impl Precondition {
    /// Of the header `If-Match`, when there is one.
    pub fn of(request: &HttpRequest) -> Option<Precondition> {
        given(request, &IF_MATCH).map(Precondition)
    }

    /// 412 unless the record has one of the versions. A weak tag is none (RFC 9110, 13.1.1).
    pub fn check(&self, version: u64) -> Result<(), Error> {
        let current = format!("\"{version:016x}-");
        if self.0.iter().any(|tag| tag == "*" || tag.starts_with(&current)) {
            return Ok(());
        }
        let text = "The record has changed since it was read. Read it again, and repeat the change with its new ETag.";
        Err(Error::new(&PRECONDITION_FAILED, text).header("If-Match"))
    }
}

/// The tags of a header.
fn given(request: &HttpRequest, name: &HeaderName) -> Option<Vec<String>> {
    let values: Vec<&str> = request.headers().get_all(name).filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| {
        let tags = values.iter().flat_map(|value| value.split(','));
        tags.map(|tag| tag.trim().to_owned()).collect()
    })
}
