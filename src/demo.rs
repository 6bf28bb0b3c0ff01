//! The demonstration: who may log in to it, and what it shows.

pub mod credentials;
