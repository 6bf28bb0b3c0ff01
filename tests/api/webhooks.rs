//! Webhooks, to real HTTP servers that answer as they are told.

mod capture;
mod circuit;
mod complete;
mod crash;
mod crowd;
mod delivery;
mod flight;
mod hostile;
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
