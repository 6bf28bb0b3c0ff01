//! `webhookformats`: how much webhooks are told, seeded.

use crate::engine::field::text;
use crate::engine::resource::{Ownership, READ_ONLY, Resource};

pub static WEBHOOK_FORMAT: Resource = Resource::new("webhookformats", "webhook_format")
    .global()
    .text_id("id")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .no_meta()
    .no_paging()
    .no_sorting()
    .example_id("default")
    .about("How much webhooks are told: `default`, the record as a GET would show it; `thin`, its type and id.")
    .fields(&[text("label").read_only().not_null()]);
