//! The server's life: built on a port, run until it is told to stop, its running requests finished.

pub mod command;
pub mod data_folder;
mod listen;
pub mod log;
pub mod place;
mod serve;
mod tls;
mod welcome;
mod work;
pub mod worker;

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::ServerHandle;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::config::Config;
use crate::db;
use crate::http::connection::{Connections, Stage};
use crate::queue::{self, ProbeArguments, Stop};
use listen::Listening;
use place::Place;
pub use serve::{load_demo, serve};
use tls::Certificate;
pub use work::work;
use worker::Background;

/// A command of the operator: runs in one transaction, and prints what the work answers.
pub fn administer(
    config: &Config,
    work: impl FnOnce(&Place, &mut PgConnection) -> Result<String, Box<dyn Error + Send + Sync>>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let place = Place::open(config)?;
    place.check_migrated()?;
    say(&transact(&mut place.connection()?, |conn| work(&place, conn))?);
    Ok(())
}

fn transact<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, Box<dyn Error + Send + Sync>> {
    AnsiTransactionManager::begin_transaction(conn)?;
    match work(conn) {
        Ok(value) => AnsiTransactionManager::commit_transaction(conn).map(|()| value).map_err(Into::into),
        Err(error) => {
            // The connection ends with the command, and so does a transaction that could not be rolled back.
            let _ = AnsiTransactionManager::rollback_transaction(conn);
            Err(error)
        }
    }
}

/// The command `queue probe`.
pub fn probe(config: &Config, asked: &ProbeArguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    let place = Place::open(config)?;
    place.check_migrated()?;
    say(&queue::probe(&mut place.connection()?, asked)?);
    Ok(())
}

/// The command `migrate`.
pub fn migrate(config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    let done = Place::open(config)?.migrate()?;
    for name in &done {
        say(&format!("{name}\n"));
    }
    say(&format!("The database fits this version; {} migrations were run.\n", done.len()));
    Ok(())
}

/// Prints to the standard output; whoever does not read on has read enough.
fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A server that is bound to its ports and not running yet.
pub struct Server {
    addresses: Vec<(SocketAddr, &'static str)>,
    certificate: Option<Arc<Certificate>>,
    running: actix_web::dev::Server,
    connections: Arc<Connections>,
    app: Arc<App>,
    /// Wished when running jobs are not to be waited for.
    hurry: Stop,
}

impl Server {
    /// Binds the ports; port 0 takes a free one. Must be called inside an actix runtime. An error says which setting is
    /// wrong, and how.
    pub fn build(app: App) -> io::Result<Server> {
        let app = Arc::new(app);
        let Listening { addresses, certificate, server } = listen::listen(&app)?;
        let connections = app.connections.clone();
        Ok(Server { addresses, certificate, running: server, connections, app, hurry: Stop::default() })
    }

    /// Where `http` and `https` are spoken, whichever of them are.
    pub fn addresses(&self) -> &[(SocketAddr, &'static str)] {
        &self.addresses
    }

    /// Stops the server from another place: `stop(true)` finishes running requests first.
    pub fn handle(&self) -> ServerHandle {
        self.running.handle()
    }

    /// Serves and runs jobs until [`Server::handle`] stops it.
    pub async fn run(self) -> io::Result<()> {
        let background = self.background()?;
        self.run_with(background).await
    }

    fn background(&self) -> io::Result<Background> {
        let queues = self.app.jobs.queues().into_iter().map(str::to_owned).collect();
        Background::start(self.app.clone(), queues, self.app.config.queue.workers, None)
    }

    async fn run_with(self, background: Background) -> io::Result<()> {
        let following = self.certificate.map(|certificate| actix_web::rt::spawn(certificate.follow()));
        let outcome = self.running.await;
        if let Some(following) = following {
            following.abort();
        }
        let patience = self.app.config.http.shutdown_timeout;
        db::blocking(move || background.finish(patience, &self.hurry)).await.map_err(io::Error::other)?;
        outcome
    }

    /// Serves until a signal. Then it is not ready, serves for `http.drain_delay` more if a supervisor has sent it, and
    /// finishes running requests. A second signal does not wait.
    pub async fn run_until(self, mut signals: Signals) -> io::Result<()> {
        let (handle, connections) = (self.handle(), self.connections.clone());
        let (delay, hurry) = (self.app.config.http.drain_delay, self.hurry.clone());
        let background = self.background()?;
        let stop_jobs = background.stopper();
        actix_web::rt::spawn(async move {
            let first = signals.next().await;
            tracing::info!("not ready any more: the server is about to stop");
            connections.enter(Stage::Leaving);
            // Before a terminal there is no balancer that had to notice.
            if first == Caught::Terminate {
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    _ = signals.next() => {}
                }
            }
            tracing::info!("stopping: running requests and jobs are finished first");
            stop_jobs();
            connections.enter(Stage::Stopping(Instant::now()));
            let second = handle.clone();
            actix_web::rt::spawn(async move {
                signals.next().await;
                hurry.stop();
                second.stop(false).await;
            });
            handle.stop(true).await;
        });
        self.run_with(background).await
    }
}

fn unbound(key: &str, address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{key} is {address}, which cannot be bound: {error}."))
}

/// Who wants the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caught {
    /// A supervisor, by SIGTERM.
    Terminate,
    /// Someone at a terminal, by Ctrl-C.
    Interrupt,
}

/// Ctrl-C and SIGTERM. From its making on they do not end the process; one that comes early is met at the first
/// [`Signals::next`].
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Must be called inside an actix runtime.
    pub fn catch() -> io::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.terminate.recv() => Caught::Terminate,
            _ = self.interrupt.recv() => Caught::Interrupt,
        }
    }
}
