//! Webhooks: what changes is told to those who asked, by HTTP (contract 25).
//!
//! A subscription is a record of `webhooks`. The transaction that changes a record writes what is to be told, rendered
//! with the rights of the subscription's owner, into `webhook_delivery` ([`capture`]); so nothing is lost, and nothing
//! is told of what was rolled back. The [`dispatcher`] sends it, again and again where it has to, at least once.

pub mod address;
pub mod capture;
pub mod destination;
pub mod dispatcher;
mod gone;
pub mod message;
mod metrics;
pub mod redelivery;
pub mod sight;
pub mod signature;
pub mod subscription;
pub mod topic;

/// The format that tells no more than type and id.
pub const THIN: &str = "thin";

/// The formats of messages.
pub const FORMATS: [&str; 2] = ["default", THIN];
