//! Tokens and passwords.

use std::time::Duration;

use super::source::Source;

/// Lifetimes of tokens and the cost of a password.
#[derive(Clone, Copy, Debug)]
pub struct Auth {
    pub access_token_lifetime: Duration,
    pub refresh_token_lifetime: Duration,
    /// KiB of memory for one argon2id hash.
    pub argon2_memory: u32,
    pub argon2_iterations: u32,
    /// Password checks at the same time.
    pub password_checks: usize,
    /// Password checks that may wait; more are refused with 429.
    pub password_queue: usize,
    /// How far the time of a WSSE header may be from the server's; for so long its nonce is kept.
    pub wsse_nonce_lifetime: Duration,
}

impl Auth {
    pub(super) fn read(source: &mut Source) -> Auth {
        Auth {
            access_token_lifetime: Duration::from_secs(source.integer("auth.access_token_lifetime", 3600, 60..=86_400)),
            refresh_token_lifetime: Duration::from_secs(source.integer(
                "auth.refresh_token_lifetime",
                30 * 86_400,
                3600..=366 * 86_400,
            )),
            argon2_memory: source.integer("auth.argon2_memory", 19_456, 8..=1 << 22) as u32,
            argon2_iterations: source.integer("auth.argon2_iterations", 2, 1..=64) as u32,
            password_checks: source.integer("auth.password_checks", 2, 1..=64) as usize,
            password_queue: source.integer("auth.password_queue", 8, 0..=10_000) as usize,
            wsse_nonce_lifetime: Duration::from_secs(source.integer("auth.wsse_nonce_lifetime", 300, 1..=3600)),
        }
    }
}
