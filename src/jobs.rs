//! Every kind of job there is: one line each, sorted by name. One file in `jobs/` holds one kind.

use crate::queue::Entry;

/// What workers can run.
pub static ALL: &[Entry] = &[];
