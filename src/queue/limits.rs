//! Limits of a process that only runs jobs (contract 28): after so many jobs, with so much memory or after so long it
//! finishes what runs and ends, and whoever supervises it starts a new one.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::Stop;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_secs(1);

/// Where Linux tells the memory of a process.
const STATUS: &str = "/proc/self/status";

/// The limits of `worker`; none of them is the usual case.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Limits {
    /// End when so many jobs were run.
    #[arg(long, value_name = "JOBS", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub message_limit: Option<u64>,
    /// End when the process has so many megabytes of memory.
    #[arg(long, value_name = "MEGABYTES", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub memory_limit: Option<u64>,
    /// End after that time: "5 minutes", "2 hours", or a number of seconds.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub time_limit: Option<Duration>,
}

impl Limits {
    /// Fails with a sentence about a limit that cannot be kept here.
    pub fn check(&self) -> Result<(), String> {
        match self.memory_limit.is_some() && megabytes().is_none() {
            true => Err(format!("--memory-limit needs {STATUS}, which this system does not have.")),
            false => Ok(()),
        }
    }

    /// Is ready when one of them is reached, and tells which; `stop`: what the workers wish when they have run their jobs.
    pub async fn reached(&self, stop: &Stop) -> String {
        tokio::select! {
            () = stop.wished() => match self.message_limit {
                Some(jobs) => format!("the limit of {jobs} jobs is reached"),
                None => pending().await,
            },
            () = after(self.time_limit) => "the time is over".to_owned(),
            megabytes = filled(self.memory_limit) => format!("the process has {megabytes} MB of memory"),
        }
    }
}

async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => pending().await,
    }
}

async fn filled(limit: Option<u64>) -> u64 {
    let Some(limit) = limit else { return pending().await };
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(taken) = megabytes().filter(|taken| *taken >= limit) {
            return taken;
        }
    }
}

/// The resident memory of the process; `None` where the system does not tell.
fn megabytes() -> Option<u64> {
    let status = std::fs::read_to_string(STATUS).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = resident.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024)
}

/// A time as operators write it.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no time: write \"90 seconds\", \"5 minutes\", \"2 hours\", \"1 day\" or 90.");
    let trimmed = text.trim().trim_start_matches('+');
    let end = trimmed.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(trimmed.len());
    let (count, unit) = trimmed.split_at(end);
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "" | "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return Err(wrong()),
    };
    match count.checked_mul(seconds) {
        // Hundred years are no limit.
        Some(seconds @ 1..=3_155_760_000) => Ok(Duration::from_secs(seconds)),
        _ => Err(wrong()),
    }
}

/// How many jobs a process may still run.
pub(super) struct Quota {
    /// `None`: any number.
    most: Option<u64>,
    /// Those under way among them.
    taken: AtomicU64,
    done: AtomicU64,
}

impl Quota {
    pub fn new(most: Option<u64>) -> Quota {
        Quota { most, taken: AtomicU64::new(0), done: AtomicU64::new(0) }
    }

    /// Takes as many of that number as are left.
    pub fn take(&self, wanted: usize) -> usize {
        let Some(most) = self.most else { return wanted };
        let give = |taken: u64| most.saturating_sub(taken).min(wanted as u64);
        let before = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| Some(taken + give(taken)));
        give(before.unwrap_or(most)) as usize
    }

    /// Puts back what was taken and not claimed.
    pub fn put_back(&self, count: usize) {
        if self.most.is_some() {
            self.taken.fetch_sub(count as u64, Ordering::AcqRel);
        }
    }

    /// Counts jobs that were run. The answer: whether none are left.
    pub fn ran(&self, count: usize) -> bool {
        let done = self.done.fetch_add(count as u64, Ordering::AcqRel) + count as u64;
        self.most.is_some_and(|most| done >= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_operators_write_them() {
        for (text, seconds) in
            [("90", 90), ("90 seconds", 90), ("5 minutes", 300), ("+5 minutes", 300), ("2h", 7_200), ("1 day", 86_400)]
        {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "soon", "-5 minutes", "5 fortnights", "99999999999999 days", "18446744073709551616"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_quota_is_given_out_once() {
        let quota = Quota::new(Some(10));
        assert_eq!((quota.take(8), quota.take(8), quota.take(1)), (8, 2, 0));
        quota.put_back(5);
        assert_eq!((quota.take(8), quota.ran(9), quota.ran(1)), (5, false, true));
        let none = Quota::new(None);
        assert_eq!((none.take(128), none.ran(1_000_000)), (128, false));
        none.put_back(128);
    }
}
