//! What tests stand on: the database server of the run, servers in this process, a client.

pub mod batch;
pub mod broker;
pub mod certificate;
pub mod chunk;
pub mod client;
pub mod database;
pub mod ending;
pub mod load;
pub mod logged;
pub mod organization;
pub mod rows;
pub mod served;
pub mod server;
pub mod shop;
pub mod working;
