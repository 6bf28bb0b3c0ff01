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
    postgres: usize,
}

impl Kills {
    fn kill(&mut self, site: &Site, part: Part) {
        site.kill(part);
        match part {
            Part::Server => self.server += 1,
            Part::Worker => self.worker += 1,
            Part::Postgres => self.postgres += 1,
        }
    }

    pub fn total(&self) -> usize {
        self.server + self.worker + self.postgres
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kills { server, worker, postgres } = self;
        write!(f, "killed the server {server} times, the worker {worker} times, Postgres {postgres} times")
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
                2..5 => kills.kill(site, Part::Worker),
                _ => kills.kill(site, Part::Server),
            }
        }
        std::thread::sleep(Duration::from_millis(choices.random_range(0..400)));
        site.start();
        site.wait_until_ready();
    }
    kills
}
