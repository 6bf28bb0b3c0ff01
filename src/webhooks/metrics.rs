//! What the process counts and times of webhooks; [`crate::http::metrics`] lists it.

use std::time::Duration;

use chrono::TimeDelta;

use super::dispatcher::outcome::Verdict;

/// An attempt is over.
pub fn attempt(verdict: Verdict, took: Duration) {
    let outcome = match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Gone => "gone",
        Verdict::Retry => "retry",
        Verdict::Dropped => "dropped",
    };
    ::metrics::counter!("entrepot_webhook_attempts_total", "outcome" => outcome).increment(1);
    ::metrics::histogram!("entrepot_webhook_attempt_seconds").record(took);
}

/// How long a delivery waited for its first attempt.
pub fn waited(time: TimeDelta) {
    ::metrics::histogram!("entrepot_webhook_wait_seconds").record(time.to_std().unwrap_or_default());
}

/// Deliveries were tried for too long.
pub fn given_up(count: u64) {
    ::metrics::counter!("entrepot_webhook_given_up_total").increment(count);
    if count > 0 {
        tracing::warn!(deliveries = count, "deliveries of webhooks were given up");
    }
}

/// Nothing was sent of deliveries, since the owners of their webhooks may not view any more what they tell.
pub fn withheld(count: u64) {
    ::metrics::counter!("entrepot_webhook_withheld_total").increment(count);
}

/// How many deliveries are pending.
pub fn pending(count: i64) {
    ::metrics::gauge!("entrepot_webhook_pending").set(count as f64);
}
