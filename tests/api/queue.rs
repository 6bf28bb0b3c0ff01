//! The queue: jobs of the tests' own, run by real workers; each test has a database of its own.

mod attack;
mod command;
mod family;
mod killed;
mod limits;
mod metrics;
mod once;
mod order;
mod rabbitmq;
mod retry;
mod schedule;
mod take_over;
mod world;
