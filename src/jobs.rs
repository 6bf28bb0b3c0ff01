//! Every kind of job there is: one line each, sorted by name. One file in `jobs/` holds one kind.

pub mod clean_operations;
pub mod finish_operation;
pub mod split_operation;
pub mod write_operation_chunk;

use crate::queue::{Entry, entry};

/// What workers can run.
pub static ALL: &[Entry] = &[
    entry::<clean_operations::CleanOperations>(),
    entry::<finish_operation::FinishOperation>(),
    entry::<split_operation::SplitOperation>(),
    entry::<write_operation_chunk::WriteOperationChunk>(),
];
