//! What is wrong with a request: an address, a parameter, a body, a record.

use super::{
    ACCESS_DENIED, ACTION_NOT_ALLOWED, CONFLICT, Error, FILTER, FORM, INVALID_ID, NO_RELATED, NOT_BLANK, NOT_FOUND,
    NOT_NULL, PRODUCT_UNIT, RANGE, REQUEST_DATA, UNIQUE, UNKNOWN_RELATIONSHIP, UNKNOWN_TYPE, VALUE,
};

impl Error {
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

    pub fn filter(detail: impl Into<String>) -> Error {
        Error::new(&FILTER, detail)
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
}
