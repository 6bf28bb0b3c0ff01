//! Every error the server can answer with: a table of codes, constructors that say what was wrong, where and what
//! would be right, and the status of an answer with several errors.
//!
//! Titles, statuses and the beginnings of the details are the contract's (section 17). A constructor never takes a
//! title or a status: it names a [`Code`], and the code has them.

mod code;

use std::fmt;

pub use code::*;

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

    pub fn not_found() -> Error {
        Error::new(&NOT_FOUND, "An entity with the requested identifier does not exist.")
    }

    pub fn no_parent() -> Error {
        Error::new(&NOT_FOUND, "The parent entity does not exist.")
    }

    /// `given` is not an id of the form that `expected` names (`integer`).
    pub fn invalid_id(expected: &str, given: &str) -> Error {
        Error::new(&INVALID_ID, format!("Expected {expected} value. Given \"{given}\"."))
    }

    pub fn unknown_type(name: &str) -> Error {
        Error::new(&UNKNOWN_TYPE, format!("Unknown entity type: {name}."))
    }

    pub fn unknown_parent_type(name: &str) -> Error {
        Error::new(&UNKNOWN_TYPE, format!("Unknown parent entity type: {name}."))
    }

    pub fn unsupported_subresource() -> Error {
        Error::new(&UNKNOWN_RELATIONSHIP, "Unsupported subresource.")
    }

    /// The methods of the resource or route, as `Allow` lists them; the body stays empty.
    pub fn method_not_allowed(allow: impl Into<String>) -> Error {
        let mut error = Error::new(&ACTION_NOT_ALLOWED, "The action is not allowed.");
        error.allow = Some(allow.into());
        error
    }

    pub fn unauthenticated() -> Error {
        Error::new(&UNAUTHENTICATED, "Authentication required.")
    }

    pub fn no_access_to_type() -> Error {
        Error::new(&ACCESS_DENIED, "No access to this type of entities.")
    }

    pub fn no_access() -> Error {
        Error::new(&ACCESS_DENIED, "No access to the entity.")
    }

    pub fn no_access_to_parent_type() -> Error {
        Error::new(&ACCESS_DENIED, "No access to this type of parent entities.")
    }

    pub fn no_access_to_parent() -> Error {
        Error::new(&ACCESS_DENIED, "No access to the parent entity.")
    }

    /// `permission` as the contract names it: `EDIT`.
    pub fn no_access_by(permission: &str) -> Error {
        Error::new(&ACCESS_DENIED, format!("No access by \"{permission}\" permission to the entity."))
    }

    /// The caller's address is in none of the networks that may call.
    pub fn address_not_allowed() -> Error {
        Error::new(&ACCESS_DENIED, "The API may not be called from this address.")
    }

    /// The client has sent more than `rate` requests a second with a burst of `burst`; `seconds`: until the next may come.
    pub fn rate_limited(rate: u64, burst: u64, seconds: u64) -> Error {
        let text = format!(
            "The client may send {rate} requests a second, and {burst} at once after a pause. Wait {seconds} s."
        );
        let mut error = Error::new(&RATE_LIMITED, text);
        error.retry_after = u32::try_from(seconds).ok();
        error
    }

    /// More passwords are waiting to be hashed than the server takes on.
    pub fn too_many_passwords() -> Error {
        let mut error = Error::new(&RATE_LIMITED, "The server is busy with other passwords. Repeat the request.");
        error.retry_after = Some(1);
        error
    }

    pub fn filter(detail: impl Into<String>) -> Error {
        Error::new(&FILTER, detail)
    }

    /// A list asked for as a whole has more rows than one answer may hold.
    pub fn too_many_rows(limit: u64) -> Error {
        let detail = format!(
            "The list has more than {limit} rows, the most that one answer holds. \
             Read it page by page by cursor: start with \"page[after]=\" and follow \"links.next\"."
        );
        Error::filter(detail).parameter("page[size]")
    }

    /// The same of a list that has no pages.
    pub fn too_many_rows_at_once(limit: u64) -> Error {
        let detail = format!(
            "The list has more than {limit} rows, the most that one answer holds. Ask for fewer by its filters."
        );
        Error::filter(detail)
    }

    pub fn request_data(detail: impl Into<String>) -> Error {
        Error::new(&REQUEST_DATA, detail)
    }

    /// `first`: the pointer of the object that means the same record.
    pub fn duplicate_of(first: &str) -> Error {
        let index = first.split('/').rev().find(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        Error::request_data(match index {
            Some(index) => format!("The item duplicates the item with the index {index}"),
            None => "The item duplicates the primary entity".to_owned(),
        })
    }

    pub fn value(detail: impl Into<String>) -> Error {
        Error::new(&VALUE, detail)
    }

    /// A body of more than `limit` bytes.
    pub fn body_too_large(limit: usize) -> Error {
        Error::new(&BODY_TOO_LARGE, format!("The body is larger than {limit} bytes, the limit of this server."))
    }

    /// A body that comes too slowly.
    pub fn body_too_slow(seconds: u64) -> Error {
        let text = "The body did not arrive in time: this server waits";
        Error::new(&REQUEST_TIMEOUT, format!("{text} {seconds} seconds, and one more for each 16 KiB."))
    }

    /// A body whose objects and arrays are nested deeper than `limit`.
    pub fn json_too_deep(limit: usize) -> Error {
        Error::request_data(format!("The body is nested deeper than {limit} levels, the limit of this server."))
    }

    pub fn json_too_many(limit: usize) -> Error {
        Error::request_data(format!(
            "The body has more than {limit} members and list items, the limit of this server: send it in parts."
        ))
    }

    pub fn conflict(detail: impl Into<String>) -> Error {
        Error::new(&CONFLICT, detail)
    }

    pub fn form(detail: impl Into<String>) -> Error {
        Error::new(&FORM, detail)
    }

    /// No record of the request goes by that `lid`.
    pub fn unknown_lid(lid: &str) -> Error {
        Error::request_data(format!("No record of this request has the 'lid' \"{lid}\"."))
    }

    /// A relationship points at a record that does not exist.
    pub fn no_related() -> Error {
        Error::new(&NO_RELATED, "The entity does not exist.")
    }

    /// A number of the request, or one that follows from it, does not fit.
    pub fn overflow() -> Error {
        Error::new(&RANGE, "A number is too large to be stored.")
    }

    pub fn not_blank() -> Error {
        Error::new(&NOT_BLANK, "This value should not be blank.")
    }

    pub fn not_null() -> Error {
        Error::new(&NOT_NULL, "This value should not be null.")
    }

    pub fn not_unique() -> Error {
        Error::new(&UNIQUE, "This value is already used.")
    }

    /// A rule, or a record that still needs it, refuses a deletion.
    pub fn delete_forbidden(reason: &str) -> Error {
        let reason = reason.trim_end_matches('.');
        Error::new(&ACCESS_DENIED, format!("The delete operation is forbidden. Reason: {reason}."))
    }

    /// The product of an order line is not sold in that unit.
    pub fn no_such_unit(unit: &str, sku: &str) -> Error {
        Error::new(&PRODUCT_UNIT, format!("The unit \"{unit}\" does not exist for the product \"{sku}\"."))
    }

    /// Something that is ours to mend. The text is for the log; the answer does not show it.
    pub fn internal(what: impl fmt::Display) -> Error {
        tracing::error!(error = %what, "internal error");
        Error::new(&INTERNAL, "The server met an unexpected condition; the log has the details under this request id.")
    }

    /// The database cannot be reached.
    pub fn database_away() -> Error {
        let mut error = Error::new(&DATABASE_AWAY, "The database cannot be reached at the moment. Repeat the request.");
        error.retry_after = Some(2);
        error
    }

    /// The database's disk is full.
    pub fn storage_full() -> Error {
        let text = "The database has no space left, and nothing was changed. Its operator has to make some; repeat the request then.";
        let mut error = Error::new(&STORAGE_FULL, text);
        error.retry_after = Some(30);
        error
    }

    /// The server is about to stop.
    pub fn stopping() -> Error {
        let mut error = Error::new(&STOPPING, "This server is stopping. Ask another one.");
        error.retry_after = Some(2);
        error
    }

    /// Another transaction was in the way, again and again.
    pub fn contention() -> Error {
        let mut error = Error::new(
            &CONTENTION,
            "Other requests were changing the same records for too long. Nothing was changed. Repeat the request.",
        );
        error.retry_after = Some(1);
        error
    }

    /// The database gave up on a statement.
    pub fn statement_timeout() -> Error {
        Error::new(
            &STATEMENT_TIMEOUT,
            "The request took longer than the server allows, and nothing was changed. Narrow it by a filter on an \
             indexed field, and sort by such a field.",
        )
    }

    /// The same, where it is known which filters and sorters are quick.
    pub fn statement_timeout_of(filters: &[&str], sorters: &[&str]) -> Error {
        let detail = format!(
            "The request took longer than the server allows, and nothing was changed. Narrow it by a filter on an \
             indexed field ({}), and sort by such a field ({}).",
            filters.join(", "),
            sorters.join(", ")
        );
        Error::new(&STATEMENT_TIMEOUT, detail)
    }

    /// The connection was lost while the changes were being committed.
    pub fn outcome_unknown() -> Error {
        let mut error = Error::new(
            &OUTCOME_UNKNOWN,
            "The connection to the database was lost while the changes were being committed; they may have been made \
             or not. If the request has an Idempotency-Key, repeat it with the same key; else look the record up before \
             repeating it.",
        );
        error.retry_after = Some(2);
        error
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

/// How many errors an answer tells: whoever has mended a thousand may ask again.
const SHOWN: usize = 1_000;

/// All the errors of one answer; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(pub Vec<Error>);

impl Errors {
    /// `Ok` when nothing was collected.
    pub fn check(errors: Vec<Error>) -> Result<(), Errors> {
        if errors.is_empty() { Ok(()) } else { Err(Errors(errors)) }
    }

    /// The status of the answer (contract 17): the highest hundred; one distinct code in it, else 409 if it is
    /// among them, else 400 or 500.
    pub fn status(&self) -> u16 {
        let group = self.0.iter().map(|error| error.status() / 100).max().unwrap_or(5);
        let mut codes: Vec<u16> = self.0.iter().map(Error::status).filter(|status| status / 100 == group).collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [single] => *single,
            _ if codes.contains(&409) => 409,
            _ => group * 100,
        }
    }

    /// The errors document (contract 17), with the first [`SHOWN`] of the errors. `request` is the request's id.
    pub fn document(&self, request: &str) -> Vec<u8> {
        let errors: Vec<serde_json::Value> = self.0.iter().take(SHOWN).map(|error| error.object(request)).collect();
        serde_json::json!({"jsonapi": {"version": "1.1"}, "errors": errors}).to_string().into_bytes()
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors(vec![error])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        crate::db::database_error(error)
    }
}

impl From<diesel::result::Error> for Errors {
    fn from(error: diesel::result::Error) -> Errors {
        Errors(vec![error.into()])
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
