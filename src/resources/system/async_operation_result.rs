//! `asyncoperationresults`: what became of each record of an operation. They are read below it.

use super::async_operation_error::BELOW_ANOTHER;
use crate::engine::field::{big_int, enumeration, integer, json, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, Resource};
use crate::operation::OUTCOMES;
use crate::resources::system::ASYNC_OPERATION;

pub static ASYNC_OPERATION_RESULT: Resource = Resource::new("asyncoperationresults", "async_operation_result")
    .text_id("id")
    .actions(BELOW_ANOTHER)
    .owned_by(Ownership::Part(&["operation"]))
    .no_meta()
    .ordered_by(&["chunk", "index"])
    .example_id("1-0")
    .about("What became of a record of an operation.")
    .fields(&[
        enumeration("outcome", OUTCOMES).read_only().not_null().filter(),
        big_int("index").column("record_index").read_only().not_null().about("The record's place in the body, from 0."),
        long_text("sentId").column("sent_id").read_only().about("The id that the record was sent under."),
        json("externalKey")
            .column("external_key")
            .read_only()
            .about("The values sent of the members that the upsert finds the record by, or of its external id."),
        long_text("recordId")
            .column("record_id")
            .read_only()
            .about("The id that the record has; null where it failed."),
        integer("chunk").hidden().not_null(),
    ])
    .relations(&[to_one("operation", &ASYNC_OPERATION, "operation_id").read_only().not_null().hidden()]);
