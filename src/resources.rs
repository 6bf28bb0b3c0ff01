//! Every resource of the back office, one line each, sorted by type.

use crate::engine::resource::Resource;

/// The back office's resources.
pub static ALL: &[&Resource] = &[];
