//! `webhooktopics`: what webhooks can be told of, seeded; [`crate::webhooks::topic`] says what each means.

use crate::engine::field::text;
use crate::engine::resource::{Ownership, READ_ONLY, Resource};

pub static WEBHOOK_TOPIC: Resource = Resource::new("webhooktopics", "webhook_topic")
    .global()
    .text_id("id")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .no_meta()
    .no_paging()
    .no_sorting()
    .example_id("order.created")
    .about(
        "What webhooks can be told of. `order.updated` and `order.deleted` also exist for a single record, as \
         `order.updated.42`, which is not listed.",
    )
    .fields(&[text("label").read_only().not_null()]);
