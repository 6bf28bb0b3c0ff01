//! A brake on guessing passwords: after some failures the next attempt has to wait, longer each time.
//!
//! It counts per account and address, per address, and per account, which is a user name of one organization and API. The last two do not hold back a user at an address
//! from which the user has logged in before, so that nobody can lock another one out, not even from behind the same proxy.
//! It lives in the memory of one process, and its size is bounded.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use moka::sync::Cache;

const REMEMBERED: u64 = 10_000;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Pair(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

impl Who {
    /// Failures that cost nothing, and the longest wait.
    fn patience(&self) -> (u32, Duration) {
        match self {
            Who::Pair(..) => (5, Duration::from_secs(300)),
            Who::Address(_) => (30, Duration::from_secs(60)),
            Who::Account(_) => (30, Duration::from_secs(30)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last: Instant,
    /// Whether the pair has logged in.
    trusted: bool,
}

/// Failures of the last hour.
pub struct Brake(Cache<Who, Record>);

impl Default for Brake {
    fn default() -> Brake {
        Brake(Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGOTTEN_AFTER).build())
    }
}

impl Brake {
    /// How long an attempt has to wait; zero when it may go on.
    pub fn wait(&self, account: &str, address: IpAddr, now: Instant) -> Duration {
        let [pair, of_address, of_account] = keys(account, address);
        let trusted = self.0.get(&pair).is_some_and(|record| record.trusted);
        let others =
            if trusted { Duration::ZERO } else { self.wait_of(&of_address, now).max(self.wait_of(&of_account, now)) };
        others.max(self.wait_of(&pair, now))
    }

    fn wait_of(&self, who: &Who, now: Instant) -> Duration {
        let Some(record) = self.0.get(who) else { return Duration::ZERO };
        let (free, longest) = who.patience();
        let Some(over) = record.failures.checked_sub(free) else { return Duration::ZERO };
        let pause = Duration::from_secs(1 << over.min(20)).min(longest);
        (record.last + pause).saturating_duration_since(now)
    }

    pub fn failed(&self, account: &str, address: IpAddr, now: Instant) {
        for who in keys(account, address) {
            self.0.entry(who).and_upsert_with(|entry| match entry.map(moka::Entry::into_value) {
                Some(record) => Record { failures: record.failures.saturating_add(1), last: now, ..record },
                None => Record { failures: 1, last: now, trusted: false },
            });
        }
    }

    /// The pair starts afresh; failures of others from the same address, or against the same user, stay counted.
    pub fn succeeded(&self, account: &str, address: IpAddr, now: Instant) {
        let [pair, ..] = keys(account, address);
        self.0.insert(pair, Record { failures: 0, last: now, trusted: true });
    }
}

fn keys(account: &str, address: IpAddr) -> [Who; 3] {
    let name: String = account.chars().take(255).flat_map(char::to_lowercase).collect();
    let address = network(address);
    [Who::Pair(name.clone(), address), Who::Address(address), Who::Account(name)]
}

/// Whose address it is, near enough: one IPv6 customer holds a whole /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((u128::from(six) >> 64 << 64).into()),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn away(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    #[test]
    fn the_wait_grows_with_each_failure_and_ends_with_success() {
        let (brake, now) = (Brake::default(), Instant::now());
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                brake.failed("Ann", HOME, now);
                brake.wait("ann", HOME, now).as_secs()
            })
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(brake.wait("ann", HOME, now + Duration::from_secs(9)), Duration::ZERO);
        assert_eq!(brake.wait("bob", HOME, now), Duration::ZERO);
        assert_eq!(brake.wait("ann", away(1), now), Duration::ZERO);
        brake.succeeded("ann", HOME, now);
        assert_eq!(brake.wait("ann", HOME, now), Duration::ZERO);
    }

    #[test]
    fn many_names_from_one_address_are_slowed() {
        let (brake, now) = (Brake::default(), Instant::now());
        (0..31).for_each(|n| brake.failed(&format!("user{n}"), HOME, now));
        assert!(brake.wait("someone", HOME, now) > Duration::ZERO);
        assert_eq!(brake.wait("someone", away(1), now), Duration::ZERO);
        brake.succeeded("ann", HOME, now);
        assert_eq!(brake.wait("ann", HOME, now), Duration::ZERO, "ann is at home there");
    }

    #[test]
    fn many_addresses_against_one_name_do_not_lock_out_where_the_user_is_at_home() {
        let (brake, now) = (Brake::default(), Instant::now());
        brake.succeeded("ann", HOME, now);
        (0..40).for_each(|n| brake.failed("ann", away(n), now));
        assert_eq!(brake.wait("ann", away(50), now), Duration::from_secs(30));
        assert_eq!(brake.wait("ann", HOME, now), Duration::ZERO);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let two: IpAddr = "2001:db8::ffff:1".parse().unwrap();
        assert_eq!(network(one), network(two));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), HOME);
    }
}
