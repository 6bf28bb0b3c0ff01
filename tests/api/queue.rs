//! The queue: jobs of the tests' own, run by real workers; each test has a database of its own.

mod family;
mod once;
mod order;
mod retry;
mod take_over;
mod world;
