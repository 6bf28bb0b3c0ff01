//! How connections are made and set up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, HandleError, Pool};
use diesel::sql_types::Text;
use diesel::{Connection, QueryResult, RunQueryDsl};

use super::threads::Threads;
use super::{Complaint, Db};
use crate::config::Database;

/// Why there is no database at the start, in a sentence for the operator.
#[derive(Debug)]
pub struct ConnectError(pub(super) String);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

impl Db {
    /// Opens the pool. `url` is a `postgres://` URL or a libpq connection text; the first connection is made at once,
    /// so that a wrong address stops the start. `beside`: connections for work that is no request's, such as jobs.
    pub fn connect(url: &str, settings: &Database, beside: u32) -> Result<Db, ConnectError> {
        let statements = Arc::new(AtomicU64::new(0));
        let setup = Setup::new(settings, statements.clone());
        let away = |error: &dyn fmt::Display| ConnectError(format!("The database does not take a connection: {error}"));
        let mut first = PgConnection::establish(url).map_err(|error| away(&error))?;
        first.batch_execute(&setup.text).map_err(|error| away(&error))?;
        warn_of_messages(&mut first).map_err(|error| away(&error))?;
        let pool = Pool::builder()
            .max_size(settings.pool_size + beside)
            .connection_timeout(settings.checkout_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .connection_customizer(Box::new(setup))
            .error_handler(Box::new(LogError))
            .build_unchecked(ConnectionManager::new(url));
        let threads = Threads::new(settings.pool_size).map_err(|error| away(&error))?;
        let checkout_timeout = settings.checkout_timeout;
        Ok(Db { pool, threads: Arc::new(threads), checkout_timeout, statements, announced: Arc::default() })
    }
}

/// Conditions without a kind in Diesel are told by their messages, which [`Setup`] makes English where the role may.
fn warn_of_messages(conn: &mut PgConnection) -> QueryResult<()> {
    let language: String =
        diesel::select(diesel::dsl::sql::<Text>("current_setting('lc_messages')")).get_result(conn)?;
    if !["C", "POSIX", "en"].iter().any(|english| language.starts_with(english)) && !language.is_empty() {
        tracing::warn!(
            language,
            "the database's messages are not English: timeouts will be answered with 500; GRANT SET ON PARAMETER lc_messages to its role, or set it to C"
        );
    }
    Ok(())
}

/// Superusers may set it, and roles that were granted it.
const ENGLISH: &str = "DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
                       EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// Sets every new connection up.
#[derive(Debug)]
struct Setup {
    text: String,
    statements: Arc<AtomicU64>,
}

impl Setup {
    fn new(settings: &Database, statements: Arc<AtomicU64>) -> Setup {
        // Statements of requests are short: compiling one (jit) takes longer than running it, by seconds for the largest.
        let text = format!(
            "SET application_name = 'entrepot'; SET timezone = 'UTC'; SET client_min_messages = 'warning'; \
             SET statement_timeout = {}; SET lock_timeout = {}; SET default_transaction_read_only = on; \
             SET jit = off; {ENGLISH}",
            settings.statement_timeout.as_millis(),
            settings.lock_timeout.as_millis(),
        );
        Setup { text, statements }
    }
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Setup {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        let done: QueryResult<()> = conn.batch_execute(&self.text);
        done.map_err(diesel::r2d2::Error::QueryError)?;
        conn.set_instrumentation(Count(self.statements.clone()));
        Ok(())
    }
}

/// Counts statements.
struct Count(Arc<AtomicU64>);

impl Instrumentation for Count {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Debug)]
struct LogError;

impl HandleError<diesel::r2d2::Error> for LogError {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        static COMPLAINT: Complaint = Complaint::new();
        if COMPLAINT.is_due() {
            tracing::warn!(%error, "a database connection could not be made");
        }
    }
}
