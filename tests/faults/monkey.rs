//! What kills.

use std::fmt;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;

use crate::site::{Part, Site};

/// How often what was killed.
#[derive(Debug, Default)]
pub struct Kills {
    server: usize,
    worker: usize,
    operations: usize,
    postgres: usize,
    broker: usize,
}

impl Kills {
    fn kill(&mut self, site: &Site, part: Part) {
        site.kill(part);
        match part {
            Part::Server => self.server += 1,
            Part::Worker => self.worker += 1,
            Part::Operations => self.operations += 1,
            Part::Postgres => self.postgres += 1,
            Part::Broker => self.broker += 1,
        }
    }

    pub fn total(&self) -> usize {
        self.server + self.worker + self.operations + self.postgres + self.broker
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kills { server, worker, operations, postgres, broker } = self;
        write!(f, "killed the server {server} times, the worker {worker} times, ")?;
        write!(f, "that of operations {operations} times, Postgres {postgres} times, the broker {broker} times")
    }
}

/// Kills parts of the site at random times, and starts them again, until the time is over; then everything runs.
pub fn rage(site: &Site, duration: Duration, mut choices: StdRng) -> Kills {
    let end = Instant::now() + duration;
    let mut kills = Kills::default();
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(choices.random_range(300..2_000)));
        // Now and then two die, the second while the first is away.
        for _ in 0..choices.random_range(4..9) / 4 {
            match choices.random_range(0..7) {
                0 | 1 => kills.kill(site, Part::Postgres),
                2 | 3 => kills.kill(site, Part::Worker),
                4 => kills.kill(site, Part::Operations),
                5 if site.has_broker() => kills.kill(site, Part::Broker),
                _ => kills.kill(site, Part::Server),
            }
        }
        std::thread::sleep(Duration::from_millis(choices.random_range(0..400)));
        site.start();
        site.wait_until_ready();
    }
    kills
}
