//! Every error the server can answer with: a table of codes, constructors that say what was wrong, where and what
//! would be right, and the status of an answer with several errors.
//!
//! Titles, statuses and the beginnings of the details are the contract's (section 17). A constructor never takes a
//! title or a status: it names a [`Code`], and the code has them.

mod access;
mod code;
mod errors;
mod limit;
mod request;
mod server;

use std::fmt;

pub use code::*;
pub use errors::Errors;

/// Where in the request the fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON pointer into the body.
    Pointer(String),
    /// A query parameter's key as it was sent.
    Parameter(String),
    Header(&'static str),
}

/// One error of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: &'static Code,
    pub detail: String,
    pub source: Option<Source>,
    /// Seconds, for the header `Retry-After`.
    pub retry_after: Option<u32>,
    /// The methods that would work, for the header `Allow` of a 405.
    pub allow: Option<String>,
}

impl Error {
    /// An error of that code. Prefer a named constructor where one exists.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Error {
        Error { code, detail: detail.into(), source: None, retry_after: None, allow: None }
    }

    /// The same error at a place in the body.
    pub fn at(mut self, pointer: impl Into<String>) -> Error {
        self.source = Some(Source::Pointer(pointer.into()));
        self
    }

    /// The same error at a query parameter.
    pub fn parameter(mut self, key: impl Into<String>) -> Error {
        self.source = Some(Source::Parameter(key.into()));
        self
    }

    /// The same error at a header.
    pub fn header(mut self, name: &'static str) -> Error {
        self.source = Some(Source::Header(name));
        self
    }

    pub fn status(&self) -> u16 {
        self.code.status
    }

    /// The error object of an errors document.
    fn object(&self, request: &str) -> serde_json::Value {
        let mut object = serde_json::json!({
            "id": request,
            "status": self.code.status.to_string(),
            "code": self.code.name,
            "title": self.code.title,
            "detail": self.detail,
        });
        match &self.source {
            Some(Source::Pointer(pointer)) => object["source"] = serde_json::json!({"pointer": pointer}),
            Some(Source::Parameter(key)) => object["source"] = serde_json::json!({"parameter": key}),
            Some(Source::Header(name)) => object["source"] = serde_json::json!({"header": name}),
            None => {}
        }
        object
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code.status, self.code.title, self.detail)?;
        match &self.source {
            Some(Source::Pointer(place) | Source::Parameter(place)) => write!(f, " ({place})"),
            Some(Source::Header(name)) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        crate::db::database_error(error)
    }
}
