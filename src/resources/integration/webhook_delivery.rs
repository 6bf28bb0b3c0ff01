//! `webhookdeliveries`: what was told to webhooks, and what came of it.

mod redeliver;

use self::redeliver::REDELIVER;
use crate::engine::field::{date_time, enumeration, integer, long_text, text, uuid};
use crate::engine::filter::{COMPARISON, EQUALITY, FilterSpec};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource};
use crate::resources::integration::WEBHOOK;
use crate::resources::system::{ORGANIZATION, USER};

/// What can have become of a delivery.
pub const STATUSES: &[&str] = &["pending", "delivered", "dropped", "failed"];

const LISTED: FilterSpec = FilterSpec::new(EQUALITY).lists();
const RANGED: FilterSpec = FilterSpec::new(COMPARISON).lists().ranges();

pub static WEBHOOK_DELIVERY: Resource = Resource::new("webhookdeliveries", "webhook_delivery")
    .actions(READ_ONLY)
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .commands(&[REDELIVER])
    .about(
        "A message to a webhook: `pending` while it is sent or tried again, `delivered`, `dropped` when the answer was \
         final and not good, `failed` when it was given up. What came of it can be read for a while.",
    )
    .fields(&[
        uuid("messageId").column("message_id").read_only().not_null().filter().indexed().about("`Webhook-Id`."),
        text("topic").read_only().not_null().filter_list(),
        text("entityType").column("resource").read_only().not_null().filter_list(),
        text("entityId").column("record_id").read_only().not_null().filter_list(),
        text("notificationUrl").column("notification_url").max(2048).read_only().not_null(),
        enumeration("status", STATUSES).read_only().not_null().filter_by(LISTED).sort().indexed(),
        integer("attempts").read_only().not_null().filter_by(RANGED),
        date_time("nextAttemptAt").column("due_at").read_only().about("Of a pending one."),
        date_time("firstAttemptAt").column("first_attempt_at").read_only(),
        date_time("lastAttemptAt").column("last_attempt_at").read_only(),
        integer("latency").read_only().about("Milliseconds that the last attempt took."),
        integer("responseStatus").column("response_status").read_only().filter_by(RANGED),
        long_text("responseExcerpt")
            .column("response_excerpt")
            .read_only()
            .about("The beginning of the last answer's body."),
        long_text("error").read_only().about("Why the last attempt had no answer, or why no other was made."),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("webhook", &WEBHOOK, "webhook_id").read_only().filter_list().about("None: it has gone."),
        to_one("organization", &ORGANIZATION, "organization_id").read_only().not_null(),
        to_one("owner", &USER, "owner_id").read_only().not_null().about("The user whose rights the message shows."),
    ]);
