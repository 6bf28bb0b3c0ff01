//! What every resource has in common, driven from its descriptor alone.

mod bodies;
mod read;
mod write;
