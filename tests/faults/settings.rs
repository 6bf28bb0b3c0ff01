//! How long a run takes, and what its choices follow from.

use std::fmt;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

pub struct Settings {
    pub duration: Duration,
    seed: u64,
}

impl Settings {
    pub fn from_environment() -> Settings {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not \"{text}\"")))
        };
        Settings {
            duration: Duration::from_secs(number("ENTREPOT_FAULTS_SECONDS").unwrap_or(25)),
            seed: number("ENTREPOT_FAULTS_SEED").unwrap_or_else(rand::random),
        }
    }

    /// The choices of one part of the run: each draws from a sequence of its own.
    pub fn choices(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_add(part.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ENTREPOT_FAULTS_SECONDS={} ENTREPOT_FAULTS_SEED={}", self.duration.as_secs(), self.seed)
    }
}
