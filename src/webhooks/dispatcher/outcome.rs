//! What an answer means for a delivery, and when the next attempt is made (contract 25). Pure but for the dice.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// What an attempt has come to.
#[derive(Clone, Debug)]
pub enum Answer {
    Status {
        status: u16,
        retry_after: Option<Duration>,
        /// The beginning of the body.
        excerpt: String,
    },
    /// No answer came; the text says why.
    None(String),
    /// Nothing was sent, since the host's name leads to no address that it may be sent to; the text says so. The name may
    /// lead elsewhere later.
    Nowhere(String),
    /// Nothing was sent, since nothing may be sent to such a URL; the text says why.
    Refused(String),
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// The receiver wants no more of it: the subscription goes.
    Gone,
    Retry,
    Dropped,
}

/// The statuses after which an attempt is repeated.
const RETRYABLE: [u16; 9] = [423, 425, 429, 500, 502, 503, 504, 507, 510];

impl Answer {
    pub fn verdict(&self) -> Verdict {
        match self {
            Answer::Status { status: 200..=299, .. } => Verdict::Delivered,
            Answer::Status { status: 410, .. } => Verdict::Gone,
            Answer::Status { status, .. } if RETRYABLE.contains(status) => Verdict::Retry,
            Answer::None(_) | Answer::Nowhere(_) => Verdict::Retry,
            Answer::Status { .. } | Answer::Refused(_) => Verdict::Dropped,
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// So that what is tried for days is tried now and then.
const LONGEST_PAUSE: Duration = Duration::from_secs(12 * 3600);
/// With less time left, no further attempt is made.
const TOO_LATE: Duration = Duration::from_secs(1);

/// How long to wait after that many tries: what the receiver asks for, else twice as long each time, give or take a
/// tenth. The last attempts are made before the time that is `left` runs out; `None`: it has.
pub fn pause(tries: u32, asked: Option<Duration>, left: Duration) -> Option<Duration> {
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(LONGEST_PAUSE);
    let wanted = asked.unwrap_or_else(|| doubled.mul_f64(rand::random_range(0.9..=1.1)));
    match wanted {
        _ if left <= TOO_LATE => None,
        wanted if wanted >= left => Some(left.mul_f64(0.9)),
        wanted => Some(wanted),
    }
}

/// Reads `Retry-After`: seconds, however many, or a date.
pub fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn of(status: u16) -> Verdict {
        Answer::Status { status, retry_after: None, excerpt: String::new() }.verdict()
    }

    #[test]
    fn statuses_are_judged_as_the_contract_says() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(of(status), Verdict::Delivered, "{status}");
        }
        assert_eq!(of(410), Verdict::Gone);
        for status in [423, 425, 429, 500, 502, 503, 504, 507, 510] {
            assert_eq!(of(status), Verdict::Retry, "{status}");
        }
        for status in [301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 422, 501, 505] {
            assert_eq!(of(status), Verdict::Dropped, "{status}");
        }
        assert_eq!(Answer::None(String::new()).verdict(), Verdict::Retry);
        assert_eq!(Answer::Nowhere(String::new()).verdict(), Verdict::Retry);
        assert_eq!(Answer::Refused(String::new()).verdict(), Verdict::Dropped);
    }

    #[test]
    fn pauses_double_give_or_take_a_tenth() {
        let days = Duration::from_secs(3 * 24 * 3600);
        for (tries, seconds) in [(1, 1.0), (2, 2.0), (5, 16.0), (11, 1024.0), (40, 43_200.0)] {
            let pause = pause(tries, None, days).unwrap().as_secs_f64();
            assert!((seconds * 0.899..=seconds * 1.101).contains(&pause), "{tries}: {pause}");
        }
    }

    #[test]
    fn what_the_receiver_asks_for_is_granted_within_the_time_left() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(1, Some(seconds(90)), seconds(1000)), Some(seconds(90)));
        assert_eq!(pause(1, Some(seconds(90)), seconds(10)), Some(seconds(9)));
        assert_eq!(pause(20, None, seconds(1)), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("99999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 12:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        for wrong in ["", "soon", "-1", "1.5"] {
            assert_eq!(retry_after(wrong, now), None, "{wrong}");
        }
    }
}
