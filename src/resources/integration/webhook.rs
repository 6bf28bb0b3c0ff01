//! `webhooks`: who wants to be told of what, and where.

mod redeliver;
mod rotate_secret;
mod rules;

use self::redeliver::REDELIVER;
use self::rotate_secret::ROTATE_SECRET;
use self::rules::WebhookRules;
use crate::engine::field::{Literal, boolean, date_time, enumeration, secret, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::integration::{WEBHOOK_FORMAT, WEBHOOK_TOPIC};
use crate::resources::system::{ORGANIZATION, USER};

/// How a webhook is signed.
pub const SIGNATURES: &[&str] = &["oro", "standard"];

pub static WEBHOOK: Resource = Resource::new("webhooks", "webhook")
    .uuid_id()
    .example_id("0197f2f0-5c1e-7c3a-9d57-1f5e0f6a2b11")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .rules(&WebhookRules)
    .commands(&[ROTATE_SECRET, REDELIVER])
    .about(
        "A subscription: what happens under its topic is sent to its URL by POST, with the rights of its owner. \
         Records that the owner may not view are left out.",
    )
    .fields(&[
        text("notificationUrl")
            .column("notification_url")
            .required()
            .max(2048)
            .example("https://example.com/webhooks")
            .about("http or https, to a public address."),
        boolean("enabled")
            .default(Literal::Boolean(true))
            .about("While it is off, nothing new is noted, and what waits to be sent is held back."),
        boolean("verifySsl")
            .column("verify_ssl")
            .default(Literal::Boolean(true))
            .about("Whether the certificate of an https URL must be good."),
        enumeration("signature", SIGNATURES).default(Literal::Text("oro")).about(
            "What `Webhook-Signature` holds: `oro`, the HMAC-SHA256 of the body in hexadecimal digits; `standard`, \
                 the signatures of Standard Webhooks.",
        ),
        secret("secret").write_once().about("What deliveries are signed with. The command `rotateSecret` changes it."),
        date_time("previousSecretUntil")
            .column("previous_secret_until")
            .read_only()
            .about("Until then deliveries are signed with the former secret too."),
        boolean("system").read_only().not_null().about("Belongs to the system and cannot be deleted."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("topic", &WEBHOOK_TOPIC, "topic").required(1).open().no_routes().filter_list().no_sort(),
        to_one("format", &WEBHOOK_FORMAT, "format_id").required(1).open().no_routes().no_filter().no_sort(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_one("owner", &USER, "owner_id").not_null(),
    ]);
