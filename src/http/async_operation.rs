//! What lies below an asynchronous operation (contract 19): `/asyncoperations/{id}/errors`, and beyond it `…/results` and
//! `…/failed`.

mod failed;

use diesel::pg::PgConnection;

pub use failed::download;

use crate::acl::{self, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::resource::Resource;
use crate::error::{ACCESS_DENIED, Error, NOT_FOUND};
use crate::resources::system::{ASYNC_OPERATION, ASYNC_OPERATION_ERROR, ASYNC_OPERATION_RESULT};

/// What there is to see of an operation beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What was wrong.
    Errors,
    /// What became of each record.
    Results,
    /// The records that failed, as they were sent.
    Failed,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Errors, Part::Results, Part::Failed];

    /// The last word of its path.
    pub const fn word(self) -> &'static str {
        match self {
            Part::Errors => "errors",
            Part::Results => "results",
            Part::Failed => "failed",
        }
    }

    /// The part that a path names below a record of that resource.
    pub fn below(resource: &'static Resource, word: &str) -> Option<Part> {
        let is_operation = resource.declared() == &ASYNC_OPERATION;
        Part::ALL.into_iter().find(|part| is_operation && part.word() == word)
    }

    /// What its list is made of; the failed records are no list of resources.
    pub fn resource(self) -> Option<&'static Resource> {
        match self {
            Part::Errors => Some(&ASYNC_OPERATION_ERROR),
            Part::Results => Some(&ASYNC_OPERATION_RESULT),
            Part::Failed => None,
        }
    }
}

/// Refuses what lies below an operation that does not exist, or that the caller may not view.
pub fn check(conn: &mut PgConnection, caller: &Caller, key: &Key) -> Result<(), Error> {
    let keys = std::slice::from_ref(key);
    if acl::allowed_keys(conn, caller, &ASYNC_OPERATION, Permission::View, keys)?.contains(key) {
        return Ok(());
    }
    let exists = !acl::existing_keys(conn, caller, &ASYNC_OPERATION, keys)?.is_empty();
    Err(match exists {
        true => Error::new(&ACCESS_DENIED, "No access to the asynchronous operation."),
        false => Error::new(&NOT_FOUND, "The asynchronous operation does not exist."),
    })
}
