//! What every resource has in common, driven from its descriptor alone.

mod batch;
pub mod bodies;
mod chunk;
mod external;
mod read;
mod storefront;
mod write;
