//! Every kind of job there is: one line each, sorted by name. One file in `jobs/` holds one kind.

pub mod clean_idempotency_keys;
pub mod clean_jobs;
pub mod clean_operations;
pub mod finish_operation;
pub mod probe;
pub mod split_operation;
pub mod write_operation_chunk;

use std::time::Duration;

use crate::queue::{Entry, Recurring, entry, every, hours};

/// What workers can run.
pub static ALL: &[Entry] = &[
    entry::<clean_idempotency_keys::CleanIdempotencyKeys>(),
    entry::<clean_operations::CleanOperations>(),
    entry::<finish_operation::FinishOperation>(),
    entry::<split_operation::SplitOperation>(),
    entry::<write_operation_chunk::WriteOperationChunk>(),
    entry::<clean_jobs::CleanJobs>(),
    entry::<probe::Probe>(),
    entry::<probe::ProbeAlone>(),
];

/// What comes again and again.
pub static RECURRING: &[Recurring] = &[
    every::<clean_idempotency_keys::CleanIdempotencyKeys>(hours(1)),
    every::<clean_jobs::CleanJobs>(hours(24)),
    every::<clean_operations::CleanOperations>(Duration::from_secs(600)),
];
