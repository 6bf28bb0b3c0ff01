//! What is done about records that turn out to be wrong before anything is written.

use crate::error::{Error, Errors};

/// Decides which records of a request are still to be written.
pub(super) trait Sieve {
    /// `places`: where the records stand in the plan that are still to be written. The answer tells of each whether it
    /// stays. What the errors are about does not.
    ///
    /// Errors: nothing of the plan is to be written.
    fn sift(&mut self, errors: Vec<Error>, places: &[usize]) -> Result<Vec<bool>, Errors>;
}

/// One wrong record is enough, and nothing is written.
pub(super) struct AllOrNone;

impl Sieve for AllOrNone {
    fn sift(&mut self, errors: Vec<Error>, _places: &[usize]) -> Result<Vec<bool>, Errors> {
        Err(Errors(errors))
    }
}

/// Where those that stay stand afterwards, by where they stood.
pub(super) fn moved(stay: &[bool]) -> Vec<Option<usize>> {
    let mut next = 0..;
    stay.iter().map(|stays| if *stays { next.next() } else { None }).collect()
}

/// Keeps those of a list that stay.
pub(super) fn keep<T>(list: &mut Vec<T>, stay: &[bool]) {
    let mut stay = stay.iter();
    list.retain(|_| stay.next().copied().unwrap_or(false));
}

/// Something that stays points at what was taken out, by a link that nobody sent: the rest is written again from the
/// beginning, where that link is not made.
pub(super) fn begin_again() -> Errors {
    Errors(Vec::new())
}
