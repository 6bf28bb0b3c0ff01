//! How long a failed job waits for its next start.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(600);

/// Doubles with each attempt (the first is 1), up to ten minutes, and is then drawn from its upper half, so that jobs
/// which failed together do not come back together.
pub fn pause(attempt: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    whole.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes_with_half_of_them_by_chance() {
        for (attempt, seconds) in [(1, 1.0), (2, 2.0), (5, 16.0), (10, 512.0), (11, 600.0), (1_000_000, 600.0)] {
            let pauses: Vec<f64> = (0..200).map(|_| pause(attempt).as_secs_f64()).collect();
            assert!(pauses.iter().all(|pause| (seconds / 2.0..=seconds).contains(pause)), "{attempt}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause < 0.7 * seconds) && pauses.iter().any(|p| *p > 0.8 * seconds));
        }
    }
}
