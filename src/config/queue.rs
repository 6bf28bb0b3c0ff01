//! Jobs: who runs them, and when others take over.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::Secret;
use super::source::Source;

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Threads of a serving process that run jobs; 0: none.
    pub workers: usize,
    /// For how long a process holds its jobs without a sign of life.
    pub lease: Duration,
    /// Between two looks for jobs, where nothing wakes a worker earlier.
    pub poll_interval: Duration,
    /// How long families of jobs that have ended are kept.
    pub keep_ended: Duration,
    /// How long dead letters are kept; `None`: until an operator removes them.
    pub keep_dead: Option<Duration>,
    /// The broker that tells workers of jobs; `None`: they look into the table.
    pub rabbitmq_url: Option<Secret>,
    /// Certificates in PEM that a broker's is to be signed by; `None`: those that the system trusts.
    pub rabbitmq_ca: Option<PathBuf>,
    /// Where `entrepot worker` answers for its health and metrics; `None`: nowhere.
    pub listen: Option<SocketAddr>,
}

impl Queue {
    pub(super) fn read(source: &mut Source) -> Queue {
        let mut days = |key, default, range| Duration::from_secs(86_400 * source.integer(key, default, range));
        let (keep_ended, keep_dead) = (days("queue.keep_ended", 7, 1..=3650), days("queue.keep_dead", 90, 0..=3650));
        let listen = source.optional_text("queue.listen", "an address and a port, such as 127.0.0.1:9091", |text| {
            text.parse::<SocketAddr>().ok().map(|_| text.to_owned())
        });
        Queue {
            keep_ended,
            keep_dead: (!keep_dead.is_zero()).then_some(keep_dead),
            rabbitmq_url: source.secret("queue.rabbitmq_url"),
            rabbitmq_ca: source.path("queue.rabbitmq_ca"),
            listen: listen.and_then(|text| text.parse().ok()),
            workers: source.integer("queue.workers", 2, 0..=256) as usize,
            lease: Duration::from_secs(source.integer("queue.lease", 30, 3..=3600)),
            poll_interval: Duration::from_millis(source.integer("queue.poll_interval", 1000, 10..=60_000)),
        }
    }
}
