//! Who may not do what.

use super::{ACCESS_DENIED, Error, UNAUTHENTICATED};

impl Error {
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
}
