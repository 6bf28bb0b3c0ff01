//! How other systems are told of what changes.

pub mod webhook;
pub mod webhook_delivery;
pub mod webhook_format;
pub mod webhook_topic;

pub use self::webhook::WEBHOOK;
pub use self::webhook_delivery::WEBHOOK_DELIVERY;
pub use self::webhook_format::WEBHOOK_FORMAT;
pub use self::webhook_topic::WEBHOOK_TOPIC;
