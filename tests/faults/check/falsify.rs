//! What tests of the checker share.

use crate::history::History;
use crate::stored::Stored;

type Check = fn(&History, &Stored) -> Vec<String>;

/// Falsifies what is true; the checker has to say so.
#[track_caller]
pub fn found(check: Check, truth: (History, Stored), falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
    let (mut history, mut stored) = truth;
    assert_eq!(check(&history, &stored), Vec::<String>::new());
    falsify(&mut history, &mut stored);
    let problems = check(&history, &stored);
    assert!(problems.iter().any(|problem| problem.contains(says)), "{problems:?}");
}
