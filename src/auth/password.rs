//! Passwords: argon2id hashes, made and checked outside the async threads, few at a time.
//!
//! A check costs the same whether the user exists or not. Each takes the configured memory (19 MiB by default), so only
//! a few run at once; a short queue waits, and beyond it the answer is "busy", not a pile of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::AccessError;
use super::secret::random;
use crate::engine::write::Passwords;
use crate::error::Error;

/// The longest password, in bytes. The text is hashed whole; longer ones are refused, not cut.
pub const LONGEST: usize = 1024;
/// The shortest password that may be set, in characters.
pub const SHORTEST: usize = 8;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub iterations: u32,
}

impl Default for Cost {
    /// The first choice of the OWASP password storage recommendations.
    fn default() -> Cost {
        Cost { memory_kib: 19 * 1024, iterations: 2 }
    }
}

/// Hashes a password to a PHC string.
pub fn hash(cost: Cost, password: &str) -> Result<String, AccessError> {
    check(password)?;
    hash_any(cost, password)
}

/// Refuses a password that is too short or too long.
fn check(password: &str) -> Result<(), AccessError> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(AccessError::refused(format!(
            "a password must have at least {SHORTEST} characters and at most {LONGEST} bytes"
        )));
    }
    Ok(())
}

fn hash_any(cost: Cost, password: &str) -> Result<String, AccessError> {
    let params = Params::new(cost.memory_kib, cost.iterations, 1, None).map_err(|error| {
        AccessError::refused(format!("the cost of password hashes (memory, iterations) is impossible: {error}"))
    })?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.as_bytes(), &random::<16>()?)
        .map(|hash| hash.to_string())
        .map_err(|error| AccessError::broken(format!("a password could not be hashed: {error}")))
}

/// Whether the password has that hash. The hash says its own cost.
pub fn matches(password: &str, hash: &str) -> bool {
    password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

/// A refused password as an answer.
fn refusal(error: AccessError) -> Error {
    match error {
        AccessError::Refused(sentence) => Error::form(format!("This value is not valid. Rule: {sentence}.")),
        other => other.into(),
    }
}

/// Hashes at this cost, one after the other.
impl Passwords for Cost {
    fn check(&self, clear: &str) -> Result<(), Error> {
        check(clear).map_err(refusal)
    }

    fn hash(&self, clear: &str) -> Result<String, Error> {
        hash(*self, clear).map_err(refusal)
    }
}

/// Checks passwords for a server under load, and makes hashes of new ones.
pub struct Checker {
    cost: Cost,
    /// The hash of a password that nobody has, checked when the user has none.
    decoy: String,
    running: Arc<Semaphore>,
    /// Checks that run and wait.
    taken: AtomicUsize,
    places: usize,
}

/// More passwords are waiting to be checked than the server takes on.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

impl Checker {
    /// `at_once` checks run at the same time and `queue` more may wait.
    pub fn new(cost: Cost, at_once: usize, queue: usize) -> Result<Checker, AccessError> {
        let decoy = hash_any(cost, &super::secret::random_text()?)?;
        let running = Arc::new(Semaphore::new(at_once));
        Ok(Checker { cost, decoy, running, taken: AtomicUsize::new(0), places: at_once + queue })
    }

    /// Whether `password` has `hash`; with no hash the same work is done and the answer is no.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        let _place = Place::take(&self.taken, self.places)?;
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let checked = crate::db::blocking(move || {
            // Kept until the work is done, also when the client hangs up meanwhile.
            let _permit = permit;
            matches(&password, &hash)
        });
        Ok(checked.await.unwrap_or(false) && known)
    }
}

/// New passwords wait in the same queue, in the thread that writes them.
impl Passwords for Checker {
    fn check(&self, clear: &str) -> Result<(), Error> {
        Passwords::check(&self.cost, clear)
    }

    fn hash(&self, clear: &str) -> Result<String, Error> {
        let _place = Place::take(&self.taken, self.places).map_err(|Busy| Error::too_many_passwords())?;
        let permit = Arc::clone(&self.running).acquire_owned();
        // Without a runtime there is no server, and nobody to share the processors with.
        let _permit = Handle::try_current().ok().map(|runtime| runtime.block_on(permit));
        Passwords::hash(&self.cost, clear)
    }
}

/// A place among those running and waiting; given back when dropped, also when the client hangs up.
struct Place<'a>(&'a AtomicUsize);

impl Place<'_> {
    fn take(taken: &AtomicUsize, places: usize) -> Result<Place<'_>, Busy> {
        let place = Place(taken);
        if taken.fetch_add(1, Ordering::AcqRel) >= places { Err(Busy) } else { Ok(place) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, iterations: 1 };

    #[test]
    fn only_the_password_matches_its_hash() {
        let stored = hash(CHEAP, "correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
        assert!(matches("correct horse", &stored));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!matches(wrong, &stored), "{wrong}");
        }
        assert_ne!(stored, hash(CHEAP, "correct horse").unwrap(), "salted");
    }

    #[test]
    fn short_and_long_passwords_are_refused() {
        assert!(hash(CHEAP, "1234567").is_err());
        assert!(hash(CHEAP, &"x".repeat(LONGEST + 1)).is_err());
        let long = "x".repeat(LONGEST);
        assert!(matches(&long, &hash(CHEAP, &long).unwrap()));
        assert!(!matches(&long[1..], &hash(CHEAP, &long).unwrap()));
    }

    #[tokio::test]
    async fn new_passwords_wait_in_the_same_queue() {
        let checker = Arc::new(Checker::new(CHEAP, 1, 1).unwrap());
        let held = Arc::clone(&checker.running).acquire_owned().await.unwrap();
        let hashes: Vec<_> = (0..2)
            .map(|_| {
                let checker = Arc::clone(&checker);
                tokio::task::spawn_blocking(move || Passwords::hash(&*checker, "correct horse"))
            })
            .collect();
        while checker.taken.load(Ordering::Acquire) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(checker.check("password".into(), None).await, Err(Busy));
        assert_eq!(Passwords::hash(&*checker, "correct horse").unwrap_err().status(), 429);
        drop(held);
        for hash in hashes {
            assert!(matches("correct horse", &hash.await.unwrap().unwrap()));
        }
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_busy() {
        let checker = Checker::new(CHEAP, 2, 3).unwrap();
        let held = Arc::clone(&checker.running).acquire_many_owned(2).await.unwrap();
        let checks = (0..8).map(|_| checker.check("password".into(), None));
        let all = futures_util::future::join_all(checks);
        let mut all = std::pin::pin!(all);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, &mut all).await.is_err(), "nothing may run");
        drop(held);
        let answers = all.await;
        assert_eq!(answers.iter().filter(|answer| **answer == Err(Busy)).count(), 3);
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 5);
        assert_eq!(checker.check("password".into(), Some(checker.decoy.clone())).await, Ok(false));
        assert_eq!(checker.check("password1".into(), Some(hash(CHEAP, "password1").unwrap())).await, Ok(true));
    }
}
