//! The command `worker`: jobs without requests.

use std::error::Error;
use std::num::NonZero;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data, get};
use actix_web::{App as Actix, HttpServer};

use super::place::Place;
use super::serve::raise_file_limit;
use super::worker::Background;
use super::{Signals, log, unbound};
use crate::app::App;
use crate::config::Config;
use crate::http::connection::Stage;
use crate::http::{health, metrics};
use crate::queue::{Limits, Stop};
use crate::{db, http};

type Failure = Box<dyn Error + Send + Sync>;

/// Connections for health, metrics and the tokens of jobs that ask for some, beside those of the jobs.
const CONNECTIONS: u32 = 2;

/// For jobs that run when a limit is reached: nobody waits for the end of the process then.
const AS_LONG_AS_IT_TAKES: Duration = Duration::from_secs(365 * 86_400);

/// Runs jobs of those queues, or of all, until Ctrl-C, SIGTERM or a limit. Without a number of threads, as many as
/// `queue.workers` says, or one per processor.
pub fn work(
    mut config: Config,
    queues: Vec<String>,
    concurrency: Option<usize>,
    limits: Limits,
) -> Result<(), Failure> {
    limits.check()?;
    log::install(&config.log);
    raise_file_limit();
    config.database.pool_size = CONNECTIONS;
    config.queue.workers = concurrency.unwrap_or(match config.queue.workers {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    });
    actix_web::rt::System::new().block_on(async move {
        let mut signals = Signals::catch()?;
        let place = Place::open(&config)?;
        place.check_migrated()?;
        let app = Data::new(App::new(config.clone(), place.connect(&config)?, place.key(&config)?)?);
        let queues = served(&app, queues)?;
        let asked = listen(&app)?.map(actix_web::rt::spawn);
        let threads = config.queue.workers;
        let background = Background::start(app.clone().into_inner(), queues.clone(), threads, limits.message_limit)?;
        tracing::info!(queues = queues.join(","), workers = config.queue.workers, "working");
        let ended = background.stop();
        let reached = tokio::select! {
            _ = signals.next() => None,
            limit = limits.reached(&ended) => Some(limit),
        };
        let why = reached.as_deref().unwrap_or("a signal came");
        tracing::info!(why, "stopping: running jobs are finished first");
        app.connections.enter(Stage::Leaving);
        let hurry = Stop::default();
        let (second, patience) = (hurry.clone(), config.http.shutdown_timeout);
        let unasked = reached.is_some();
        actix_web::rt::spawn(async move {
            signals.next().await;
            if unasked {
                tokio::select! {
                    () = tokio::time::sleep(patience) => {}
                    _ = signals.next() => {}
                }
            }
            second.stop();
        });
        let patience = if unasked { AS_LONG_AS_IT_TAKES } else { patience };
        db::blocking(move || background.finish(patience, &hurry)).await?;
        if let Some(asked) = asked {
            asked.abort();
        }
        Ok(())
    })
}

/// The queues to serve; an unknown one is a typing error.
fn served(app: &App, asked: Vec<String>) -> Result<Vec<String>, String> {
    let known = app.jobs.queues();
    match asked.iter().find(|queue| !known.contains(&queue.as_str())) {
        Some(unknown) => Err(format!("There is no queue \"{unknown}\": {}.", known.join(", "))),
        None if asked.is_empty() => Ok(known.into_iter().map(str::to_owned).collect()),
        None => Ok(asked),
    }
}

/// Answers for the process at `queue.listen`.
fn listen(app: &Data<App>) -> std::io::Result<Option<Server>> {
    let Some(address) = app.config.queue.listen else { return Ok(None) };
    let shared = app.clone();
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(shared.clone())
            .route("/health/live", get().to(health::live))
            .route("/health/ready", get().to(health::ready))
            .route("/metrics", get().to(metrics::show))
            .default_service(web::route().to(http::no_route))
    })
    .workers(1)
    .disable_signals()
    .bind(address)
    .map_err(|error| unbound("queue.listen", address, &error))?;
    for address in server.addrs() {
        tracing::info!(%address, "answering for health and metrics");
    }
    Ok(Some(server.run()))
}
