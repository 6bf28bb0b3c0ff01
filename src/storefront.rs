//! The storefront's registry: the same tables through the eyes of those who buy. Sorted by type.
//!
//! Where a resource is the same in both APIs, both name one descriptor.

pub mod localization;

use crate::engine::resource::Resource;
use crate::resources::system::{COUNTRY, REGION};

/// The storefront's resources.
pub static ALL: &[&Resource] = &[&COUNTRY, &localization::LOCALIZATION, &REGION];
