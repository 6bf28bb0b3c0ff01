//! What every resource has in common, driven from its descriptor alone.

mod bodies;
mod external;
mod read;
mod write;
