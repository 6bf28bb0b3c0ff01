//! Who is calling: credentials in, [`crate::acl::Caller`] out.
//!
//! Clients get tokens from the token endpoint ([`oauth2`]); requests carry them, and each scheme of [`SCHEMES`] knows
//! one way to read a caller from a request. What callers may do is decided in [`crate::acl`].

pub mod keys;
pub mod password;
pub mod secret;

/// Why something about users, clients or keys could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The request cannot be granted; the sentence is for the one who asked.
    #[error("{0}")]
    Refused(String),
    /// Stored keys or the machine are at fault; the sentence is for the operator.
    #[error("{0}")]
    Broken(String),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl AccessError {
    pub(crate) fn refused(sentence: impl Into<String>) -> AccessError {
        AccessError::Refused(sentence.into())
    }

    pub(crate) fn broken(sentence: impl Into<String>) -> AccessError {
        AccessError::Broken(sentence.into())
    }
}

impl From<AccessError> for crate::error::Error {
    fn from(error: AccessError) -> crate::error::Error {
        match error {
            AccessError::Database(error) => error.into(),
            other => crate::error::Error::internal(other),
        }
    }
}
