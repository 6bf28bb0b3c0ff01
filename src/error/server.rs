//! What keeps the server from answering, and what a client does then.

use std::fmt;

use super::{CONTENTION, DATABASE_AWAY, Error, INTERNAL, OUTCOME_UNKNOWN, STATEMENT_TIMEOUT, STOPPING, STORAGE_FULL};

impl Error {
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
