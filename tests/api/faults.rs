//! What goes wrong around the server, and what its clients notice of it.

mod balancer;
mod crash;
mod disk;
mod drained;
mod rolling;
