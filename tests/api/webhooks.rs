//! Webhooks, to real HTTP servers that answer as they are told.

mod capture;
mod circuit;
mod crash;
mod delivery;
mod life;
mod lost_rights;
mod message;
mod order;
mod rebinding;
mod receiver;
mod redelivery;
mod resources;
mod rights;
mod secure;
mod sending;
mod world;
