//! The demonstration: who may log in to it, and what it shows.

mod catalog;
pub mod credentials;
mod customers;
pub mod data;
mod orders;
