//! Where webhooks may go, and how patient their deliveries are.

use std::time::Duration;

use super::source::Source;
use crate::network::Networks;

/// Webhooks and their deliveries.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Internal networks that webhooks may go to all the same; every public address is allowed.
    pub allowed_networks: Networks,
    /// Whether only HTTPS is spoken.
    pub https_only: bool,
    /// How long one attempt may take until the status has arrived.
    pub timeout: Duration,
    /// How long after that its outcome is waited for, before the process that made it is taken for dead.
    pub grace: Duration,
    /// Attempts at the same time, in one process.
    pub concurrency: usize,
    /// Of those, how many to one endpoint.
    pub concurrency_per_endpoint: usize,
    /// How long a delivery is tried before it is given up.
    pub give_up_after: Duration,
    /// Failures in a row after which an endpoint is paused.
    pub circuit_failures: u32,
    /// The first pause; each further one is twice as long, up to an hour.
    pub circuit_pause: Duration,
    /// How many bytes of an answer's body are kept.
    pub response_excerpt: usize,
    /// How long what came of a delivery can be read.
    pub retention: Duration,
}

impl Webhooks {
    pub(super) fn read(source: &mut Source) -> Webhooks {
        let allowed = "a list of networks, such as [\"10.1.2.0/24\", \"fd00::/8\"]";
        let parse = |text: &str| Networks::parse(text).ok();
        let networks = source.list("webhooks.allowed_networks", allowed, parse, ToString::to_string);
        let day = 24 * 3600;
        Webhooks {
            allowed_networks: Networks::of(networks),
            https_only: source.flag("webhooks.https_only", false),
            timeout: Duration::from_secs(source.integer("webhooks.timeout", 15, 1..=120)),
            grace: Duration::from_secs(source.integer("webhooks.grace", 30, 5..=3600)),
            concurrency: source.integer("webhooks.concurrency", 256, 1..=1000) as usize,
            concurrency_per_endpoint: source.integer("webhooks.concurrency_per_endpoint", 8, 1..=1000) as usize,
            give_up_after: Duration::from_secs(source.integer("webhooks.give_up_after", 3 * day, 1..=30 * day)),
            circuit_failures: source.integer("webhooks.circuit_failures", 10, 1..=1000) as u32,
            circuit_pause: Duration::from_secs(source.integer("webhooks.circuit_pause", 30, 1..=3600)),
            response_excerpt: source.integer("webhooks.response_excerpt", 1024, 0..=16_384) as usize,
            retention: Duration::from_secs(day * source.integer("webhooks.retention_days", 30, 1..=3650)),
        }
    }
}
