//! Every resource of the storefront, one line each, sorted by type.

use crate::engine::resource::Resource;

/// The storefront's resources.
pub static ALL: &[&Resource] = &[];
