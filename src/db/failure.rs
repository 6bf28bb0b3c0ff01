//! What a failed statement means to the client.
//!
//! Diesel names few of Postgres's conditions and hides the SQLSTATE, so the others are told by the primary message,
//! which is fixed text when the server's `lc_messages` is English (`docs/operations.md` says so).

use diesel::result::DatabaseErrorKind;
use diesel::result::Error as Diesel;

use super::Complaint;
use crate::error::{Code, Error, Errors};

/// An error that work on a connection may end with.
pub trait Failure: From<Diesel> + From<Error> + Send + 'static {
    /// Whether one of its errors has that code.
    fn has(&self, code: &'static Code) -> bool;
}

impl Failure for Error {
    fn has(&self, code: &'static Code) -> bool {
        self.code == code
    }
}

impl Failure for Errors {
    fn has(&self, code: &'static Code) -> bool {
        self.0.iter().any(|error| error.code == code)
    }
}

const LOCK_TIMEOUT: &str = "canceling statement due to lock timeout";

/// Beginnings and parts of messages that say the server is not to be reached.
const AWAY: &[&str] = &[
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "sorry, too many clients",
    "remaining connection slots",
    "could not connect",
    "connection to server",
    "no connection to the server",
    "SSL connection has been closed",
];

/// Parts of messages that say its disk is full; the rest of them names the file and the system's reason.
const FULL: &[&str] = &["No space left on device", "Disk quota exceeded", "could not extend file"];

/// What a failed statement means to the client. Constraint violations are told apart where the resource is known.
pub fn database_error(error: Diesel) -> Error {
    match &error {
        Diesel::BrokenTransactionManager => Error::database_away(),
        Diesel::RollbackErrorOnCommit { .. } => Error::outcome_unknown(),
        Diesel::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::SerializationFailure => Error::contention(),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => away(&error),
            _ => by_message(information.message()).unwrap_or_else(|| Error::internal(&error)),
        },
        _ => Error::internal(&error),
    }
}

fn by_message(message: &str) -> Option<Error> {
    match message {
        "canceling statement due to statement timeout" => Some(Error::statement_timeout()),
        LOCK_TIMEOUT | "deadlock detected" => Some(Error::contention()),
        "canceling statement due to conflict with recovery" => Some(Error::contention()),
        _ if FULL.iter().any(|part| message.contains(part)) => {
            tracing::error!(error = message, "the database has no space left");
            Some(Error::storage_full())
        }
        _ if is_overflow(message) => {
            tracing::warn!(error = message, "a statement came to a number that does not fit");
            Some(Error::overflow())
        }
        _ if AWAY.iter().any(|part| message.contains(part)) => Some(away(&message)),
        _ => None,
    }
}

/// Whether a statement gave up waiting for another transaction.
pub fn is_lock_timeout(error: &Diesel) -> bool {
    matches!(error, Diesel::DatabaseError(_, information) if information.message() == LOCK_TIMEOUT)
}

/// Whether a number does not fit into its column or type.
pub fn is_overflow(message: &str) -> bool {
    let parts = ["numeric field overflow", "value overflows numeric format"];
    parts.iter().any(|part| message.contains(part)) || message.ends_with("out of range")
}

fn away(error: &dyn std::fmt::Display) -> Error {
    static COMPLAINT: Complaint = Complaint::new();
    if COMPLAINT.is_due() {
        tracing::warn!(error = %error, "the database connection was lost");
    }
    Error::database_away()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(message: &str) -> Error {
        database_error(Diesel::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn a_cancelled_statement_is_told_by_its_message() {
        let timeout = unknown("canceling statement due to statement timeout");
        assert_eq!(timeout.code.name, "statement-timeout");
        assert_eq!(unknown("canceling statement due to lock timeout").code.name, "database-busy");
        assert_eq!(unknown("canceling statement due to user request").code.name, "internal");
    }

    #[test]
    fn a_full_disk_is_told_by_its_message() {
        for message in [
            "could not extend file \"base/16384/16412\": No space left on device",
            "could not extend file \"base/16384/16412\": wrote only 4096 of 8192 bytes at block 7",
            "could not write to file \"base/pgsql_tmp/pgsql_tmp4711.0\": No space left on device",
        ] {
            let error = unknown(message);
            assert_eq!(error.code.name, "storage-full");
            assert!(error.retry_after.is_some() && !error.detail.contains("16384"));
        }
    }

    #[test]
    fn a_number_too_large_is_told_by_its_message() {
        for message in ["numeric field overflow", "value overflows numeric format", "integer out of range"] {
            assert_eq!(unknown(message).code.name, "out-of-range");
        }
    }

    #[test]
    fn a_lost_connection_asks_to_come_back() {
        let closed = Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new("x".to_owned()));
        for error in [database_error(closed), unknown("the database system is shutting down")] {
            assert_eq!(error.code.name, "database-away");
            assert!(error.retry_after.is_some());
        }
    }

    #[test]
    fn other_conditions_do_not_show_their_text() {
        assert!(!unknown("relation \"secret\" does not exist").detail.contains("secret"));
    }
}
