//! Many records in one request.

use std::time::Duration;

use super::source::Source;

/// What PATCH on a collection may carry, and how it is worked off.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Bytes of a body, unpacked.
    pub body_limit: u64,
    /// How many times its size a body may be unpacked.
    pub compression_ratio: u64,
    /// Records that are written in one transaction, what is included with them counted.
    pub chunk_size: usize,
    /// Records in `data` of a synchronous request.
    pub sync_records: usize,
    /// Records in `included` of a synchronous request.
    pub sync_included: usize,
    /// After which a synchronous request is answered as an asynchronous one.
    pub sync_timeout: Duration,
    /// How long an operation can be read after it was made.
    pub retention: Duration,
    /// After which an operation that makes no progress is given up.
    pub stale_after: Duration,
    /// Errors that are kept of an operation; all are counted.
    pub kept_errors: usize,
    /// Operations of a client that have not ended. 0 in this and the next three: without a limit.
    pub client_operations: u64,
    pub organization_operations: u64,
    /// Bytes that a client's batches take in the database, packed.
    pub client_bytes: u64,
    pub organization_bytes: u64,
}

impl Batch {
    pub(super) fn read(source: &mut Source) -> Batch {
        Batch {
            body_limit: source.integer("batch.body_limit", 512 << 20, 1024..=64 << 30),
            compression_ratio: source.integer("batch.compression_ratio", 200, 2..=2000),
            chunk_size: source.integer("batch.chunk_size", 1000, 1..=100_000) as usize,
            sync_records: source.integer("batch.sync_records", 100, 1..=10_000) as usize,
            sync_included: source.integer("batch.sync_included", 50, 0..=10_000) as usize,
            sync_timeout: Duration::from_secs(source.integer("batch.sync_timeout", 25, 1..=600)),
            retention: Duration::from_secs(86_400 * source.integer("batch.retention", 30, 1..=3650)),
            stale_after: Duration::from_secs(source.integer("batch.stale_after", 3600, 60..=604_800)),
            kept_errors: source.integer("batch.kept_errors", 100_000, 1..=10_000_000) as usize,
            client_operations: source.integer("batch.client_operations", 1_000, 0..=1_000_000),
            organization_operations: source.integer("batch.organization_operations", 5_000, 0..=1_000_000),
            client_bytes: source.integer("batch.client_bytes", 4 << 30, 0..=1 << 50),
            organization_bytes: source.integer("batch.organization_bytes", 16 << 30, 0..=1 << 50),
        }
    }
}
