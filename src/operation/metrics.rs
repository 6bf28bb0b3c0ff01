//! What is counted and timed of operations, beside what their log lines say.
//!
//! | metric | labels |
//! |---|---|
//! | `entrepot_operation_records_total` | `resource`, `outcome` |
//! | `entrepot_operation_chunk_seconds` | `resource` |
//! | `entrepot_operations_total` | `resource`, `status` |
//! | `entrepot_operation_seconds` | `resource` |
//! | `entrepot_batches_refused_total` | `limit` |
//!
//! Records per second: the rate of the first.

use std::time::Duration;

use super::ending::Summary;
use super::results::Counts;

/// A chunk was written in that time.
pub fn chunk(resource: &str, counts: Counts, took: Duration) {
    let Counts { created, updated, unchanged, failed, .. } = counts;
    for (outcome, count) in [("created", created), ("updated", updated), ("unchanged", unchanged), ("failed", failed)] {
        let count = u64::try_from(count).unwrap_or_default();
        ::metrics::counter!("entrepot_operation_records_total", "resource" => resource.to_owned(), "outcome" => outcome)
            .increment(count);
    }
    ::metrics::histogram!("entrepot_operation_chunk_seconds", "resource" => resource.to_owned()).record(took);
}

/// An operation has ended.
pub fn ended(summary: &Summary) {
    let resource = summary.entity_type.clone();
    ::metrics::counter!("entrepot_operations_total", "resource" => resource.clone(), "status" => summary.status.clone())
        .increment(1);
    ::metrics::histogram!("entrepot_operation_seconds", "resource" => resource).record(summary.seconds);
}

/// A batch was refused by that limit.
pub fn refused(limit: &'static str) {
    ::metrics::counter!("entrepot_batches_refused_total", "limit" => limit).increment(1);
}
