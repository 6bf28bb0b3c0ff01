//! The database: pool, and the one place where blocking work leaves the async world.

use crate::error::Error;

/// What a failed statement means to the client. Constraint violations are told apart where the resource is known.
pub fn database_error(error: diesel::result::Error) -> Error {
    Error::internal(error)
}
