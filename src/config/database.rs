//! The database's address and its patience.

use std::time::Duration;

use super::secret::Secret;
use super::source::Source;

/// The connection to Postgres.
#[derive(Clone, Debug)]
pub struct Database {
    /// A `postgres://` URL or a libpq connection text. Not set: a private server, where a command offers one.
    pub url: Option<Secret>,
    /// Connections held open.
    pub pool_size: u32,
    /// How long a request waits for a free connection.
    pub checkout_timeout: Duration,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
}

impl Database {
    pub(super) fn read(source: &mut Source) -> Database {
        Database {
            url: source.secret("database.url"),
            pool_size: source.integer("database.pool_size", 8, 1..=1000) as u32,
            checkout_timeout: Duration::from_secs(source.integer("database.checkout_timeout", 5, 1..=60)),
            statement_timeout: Duration::from_secs(source.integer("database.statement_timeout", 30, 1..=3600)),
            lock_timeout: Duration::from_secs(source.integer("database.lock_timeout", 10, 1..=3600)),
        }
    }
}
