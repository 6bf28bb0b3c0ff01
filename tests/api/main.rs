//! The integration tests: a real server and a real Postgres, over HTTP.
//!
//! Tests run in parallel in one database; each takes an organization of its own. A test that touches global tables,
//! migrations or restarts takes a database or a database server of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod auth;
mod authorize;
mod batch;
mod browser;
mod demonstration;
mod document;
mod edge;
mod every_resource;
mod faults;
mod feed;
mod idempotency;
mod intake;
mod owasp;
mod process;
mod queue;
mod registry;
mod resources;
mod spec;
mod storefront;
mod support;
mod webhooks;
