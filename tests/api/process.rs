//! The process around the API: health, request ids, its database coming and going.

mod embedded;
mod farewell;
mod health;
mod organization;
mod restart;
mod settings;
mod shutdown;
mod start;
mod trace;
