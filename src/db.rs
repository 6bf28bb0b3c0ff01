//! The database: the pool, and the one place where blocking work leaves the async world.
//!
//! Input: work as a function of a connection that knows nothing of async. Output: what the work returns, or an error
//! that says what a failing database means to the client. [`Db::run`] reads and may repeat the work;
//! [`Db::transaction`] writes and repeats it only while nothing can have been committed.

mod announce;
mod complaint;
mod connect;
pub mod embedded;
mod failure;
pub mod migrate;
mod threads;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection, R2D2Connection};
use threads::{Threads, Undone};

pub use announce::{Signal, announce};
pub use complaint::Complaint;
pub use connect::ConnectError;
pub use failure::{Failure, database_error, is_lock_timeout, is_overflow};

use crate::error::{self, Error};

/// How often work that met other transactions is done again.
const CONTENTION_RETRIES: u32 = 3;

/// How long a health check waits for a connection.
const READY_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection of the pool, which goes back to it when it is dropped.
pub type Connection = PooledConnection<ConnectionManager<PgConnection>>;

/// The pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<ConnectionManager<PgConnection>>,
    threads: Arc<Threads>,
    checkout_timeout: Duration,
    statements: Arc<AtomicU64>,
    announced: Arc<Signal>,
}

/// How one attempt at a piece of work ended.
enum Attempt<T, E> {
    Done(Result<T, E>),
    /// Nothing was committed, and the connection is gone.
    Lost(E),
    /// Nothing was committed, because of another transaction.
    Contended(E),
}

impl Db {
    /// Does reading work off the async threads. Connections are read-only outside [`Db::transaction`], so the work
    /// can be repeated when its connection was lost or another transaction got in its way.
    pub async fn run<T, E>(&self, work: impl FnMut(&mut PgConnection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let db = self.clone();
        self.in_turn(move || db.run_now(work)).await?
    }

    /// Does writing work in one transaction off the async threads; an error rolls it back. The work is repeated only
    /// when it is known not to have committed. A connection lost during COMMIT is the error `outcome-unknown`.
    pub async fn transaction<T, E>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let db = self.clone();
        self.in_turn(move || db.transaction_now(work)).await?
    }

    /// [`Db::run`] in the calling thread, for commands and jobs.
    pub fn run_now<T, E: Failure>(&self, mut work: impl FnMut(&mut PgConnection) -> Result<T, E>) -> Result<T, E> {
        self.repeat(|conn| {
            let result = work(conn);
            judge(conn, result)
        })
    }

    /// [`Db::transaction`] in the calling thread, for commands and jobs.
    pub fn transaction_now<T, E: Failure>(
        &self,
        mut work: impl FnMut(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.repeat(|conn| {
            if let Err(error) = AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN READ WRITE") {
                return judge(conn, Err(error.into()));
            }
            let outer = announce::begin();
            let attempt = match work(conn) {
                Ok(value) => commit(conn, value),
                Err(error) => {
                    let attempt = judge(conn, Err(error));
                    // A rollback that fails leaves the connection marked as broken, and the pool drops it.
                    let _ = AnsiTransactionManager::rollback_transaction(conn);
                    attempt
                }
            };
            if outer.restore() && matches!(attempt, Attempt::Done(Ok(_))) {
                self.announced.give();
            }
            attempt
        })
    }

    /// Given after each commit of a transaction that said [`announce`].
    pub fn announced(&self) -> &Signal {
        &self.announced
    }

    /// Whether the database answers, asked with little patience.
    pub fn answers(&self) -> Result<(), Error> {
        let mut conn = self.pool.get_timeout(READY_TIMEOUT).map_err(|_| Error::database_away())?;
        conn.ping().map_err(database_error)
    }

    /// Statements sent since the start, over all connections.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Connections open, and those of them that are idle.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }

    fn repeat<T, E: Failure>(&self, mut attempt: impl FnMut(&mut PgConnection) -> Attempt<T, E>) -> Result<T, E> {
        let mut lost = false;
        let mut contended = 0;
        loop {
            // After a loss the idle connections are probably lost too: only one that answers is taken.
            let mut conn = if lost { self.live_connection()? } else { self.connection()? };
            match attempt(&mut conn) {
                Attempt::Done(result) => return result,
                Attempt::Lost(error) if lost => return Err(error),
                Attempt::Lost(_) => lost = true,
                Attempt::Contended(error) if contended == CONTENTION_RETRIES => return Err(error),
                Attempt::Contended(_) => {
                    contended += 1;
                    drop(conn);
                    std::thread::sleep(Duration::from_millis(rand::random_range(1..=5 << contended)));
                }
            }
        }
    }

    /// Does work that takes a connection, when it is its turn. No thread waits for that.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        self.threads.run(self.checkout_timeout, work).await.map_err(|undone| match undone {
            Undone::Late => self.no_connection(&"every connection was in use for too long"),
            Undone::Lost => Error::internal("work was dropped or panicked"),
        })
    }

    /// A connection for work in the calling thread; who keeps it for long has it counted in the pool's size.
    pub fn connection(&self) -> Result<Connection, Error> {
        self.pool.get().map_err(|error| self.no_connection(&error))
    }

    fn no_connection(&self, error: &dyn fmt::Display) -> Error {
        static COMPLAINT: Complaint = Complaint::new();
        if COMPLAINT.is_due() {
            let (open, idle) = self.connections();
            tracing::warn!(%error, open, idle, "no database connection");
        }
        Error::database_away()
    }

    fn live_connection(&self) -> Result<Connection, Error> {
        for _ in 0..=self.pool.max_size() {
            let mut conn = self.connection()?;
            if conn.ping().is_ok() {
                return Ok(conn);
            }
        }
        Err(Error::database_away())
    }
}

/// Runs work that blocks or computes for long on a thread of its own. The only `web::block` there is.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let span = tracing::Span::current();
    actix_web::web::block(move || span.in_scope(work))
        .await
        .map_err(|_| Error::internal("work was dropped or panicked"))
}

/// Does work that blocks some time after, whatever becomes of the caller: what it leaves behind is cleaned so.
pub fn later(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => work(),
    }
}

fn judge<T, E: Failure>(conn: &mut PgConnection, result: Result<T, E>) -> Attempt<T, E> {
    match result {
        Err(error) if error.has(&error::DATABASE_AWAY) && conn.is_broken() => Attempt::Lost(error),
        Err(error) if error.has(&error::CONTENTION) => Attempt::Contended(error),
        result => Attempt::Done(result),
    }
}

fn commit<T, E: Failure>(conn: &mut PgConnection, value: T) -> Attempt<T, E> {
    match AnsiTransactionManager::commit_transaction(conn) {
        Ok(()) => Attempt::Done(Ok(value)),
        Err(error) if conn.is_broken() => {
            tracing::error!(%error, "the connection was lost during COMMIT");
            Attempt::Done(Err(Error::outcome_unknown().into()))
        }
        // The server answered: the transaction is rolled back.
        Err(error) => judge(conn, Err(error.into())),
    }
}
