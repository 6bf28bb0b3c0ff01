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
    postgres: usize,
}

impl Kills {
    pub fn total(&self) -> usize {
        self.server + self.postgres
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killed the server {} times, Postgres {} times", self.server, self.postgres)
    }
}

/// Kills parts of the site at random times, and starts them again, until the time is over; then everything runs.
pub fn rage(site: &Site, duration: Duration, mut choices: StdRng) -> Kills {
    let end = Instant::now() + duration;
    let mut kills = Kills::default();
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(choices.random_range(300..2_000)));
        let part = match choices.random_range(0..5) {
            0 | 1 => Part::Postgres,
            _ => Part::Server,
        };
        site.kill(part);
        match part {
            Part::Server => kills.server += 1,
            Part::Postgres => kills.postgres += 1,
        }
        // Now and then the other one dies while the first is away.
        if choices.random_ratio(1, 6) {
            site.kill(Part::Server);
            kills.server += usize::from(part != Part::Server);
        }
        std::thread::sleep(Duration::from_millis(choices.random_range(0..400)));
        site.start();
        site.wait_until_ready();
    }
    kills
}
