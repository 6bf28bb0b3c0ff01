//! `asyncoperationerrors`: what was wrong with the records of an operation. They are read below it.

use crate::engine::field::{integer, json, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Actions, Ownership, READ_ONLY, Resource};
use crate::resources::system::ASYNC_OPERATION;

/// No routes of their own.
pub const BELOW_ANOTHER: Actions = Actions { list: false, get: false, ..READ_ONLY };

pub static ASYNC_OPERATION_ERROR: Resource = Resource::new("asyncoperationerrors", "async_operation_error")
    .text_id("id")
    .actions(BELOW_ANOTHER)
    .owned_by(Ownership::Part(&["operation"]))
    .no_meta()
    .ordered_by(&["chunk", "number"])
    .example_id("1-1-1")
    .about("What was wrong with a record of an operation, or with the operation as a whole.")
    .fields(&[
        integer("status").read_only().not_null(),
        long_text("title").read_only().not_null(),
        long_text("detail").read_only().not_null(),
        json("source").read_only().about("`pointer`, into the body as it was sent, or `propertyPath`."),
        integer("chunk").hidden().not_null(),
        integer("number").hidden().not_null(),
    ])
    .relations(&[to_one("operation", &ASYNC_OPERATION, "operation_id").read_only().not_null().hidden()]);
