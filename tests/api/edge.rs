//! What surrounds both APIs: other origins, networks, limits, schemes other than tokens.

mod cors;
mod network;
mod protection;
pub(crate) mod rate;
mod slow;
mod switch;
mod tls;
mod wsse;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// A server of its own with those settings, on the shared database.
fn server(settings: &str) -> &'static TestServer {
    TestServer::lasting(database::shared(), settings)
}

/// A fresh organization on such a server.
fn organization(settings: &str) -> Organization {
    Organization::on(server(settings))
}
