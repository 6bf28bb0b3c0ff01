//! Webhooks, to real HTTP servers that answer as they are told.

mod capture;
mod circuit;
mod crash;
mod delivery;
mod message;
mod order;
mod receiver;
mod redelivery;
mod resources;
mod rights;
mod world;
