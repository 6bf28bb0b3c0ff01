//! Brings a database to the schema and the reference data of this version.

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::ConnectError;
use crate::commerce::reference;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Held during a migration, so that two processes do not migrate at once: an arbitrary number of our own.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7233173838382854448)";

/// Runs the migrations that the database lacks, then loads countries, statuses and other reference data. Returns the
/// names of the migrations that were run.
pub fn migrate(url: &str) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let away = |error| ConnectError(format!("The database does not take a connection: {error}"));
    let mut guard = PgConnection::establish(url).map_err(away)?;
    let mut conn = PgConnection::establish(url).map_err(away)?;
    conn.batch_execute(
        "SET application_name = 'entrepot migrate'; SET timezone = 'UTC'; SET client_min_messages = 'warning'",
    )?;
    guard.transaction(|guard| {
        guard.batch_execute(LOCK)?;
        let done = conn.run_pending_migrations(MIGRATIONS)?;
        let names = done.iter().map(ToString::to_string).collect();
        reference::load(&mut conn)?;
        Ok(names)
    })
}

/// The migrations that the database lacks; empty when it fits this version.
pub fn pending(conn: &mut PgConnection) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(conn.pending_migrations(MIGRATIONS)?.iter().map(|migration| migration.name().to_string()).collect())
}
