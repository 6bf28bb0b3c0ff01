//! The drafts of a plan, until it is known which records they mean.

use super::Stored;
use super::plan::{Draft, Reference, WritePlan};
use super::sieve::{Sieve, begin_again, keep, moved};
use crate::engine::key::Key;
use crate::error::{Error, Errors};

pub(super) struct Drafts {
    pub list: Vec<Draft>,
    /// The stored record that each means, as far as it was looked for and is there.
    pub found: Vec<Option<(Key, Stored)>>,
    /// Where each stands in the plan.
    pub places: Vec<usize>,
}

impl Drafts {
    pub fn of(plan: WritePlan) -> Drafts {
        let mut found = Vec::new();
        found.resize_with(plan.drafts.len(), || None);
        Drafts { places: (0..plan.drafts.len()).collect(), found, list: plan.drafts }
    }

    /// Takes out what the sieve takes out.
    pub fn sift(&mut self, sieve: &mut dyn Sieve, errors: Vec<Error>) -> Result<(), Errors> {
        if errors.is_empty() {
            return Ok(());
        }
        let stay = sieve.sift(errors, &self.places)?;
        keep(&mut self.list, &stay);
        keep(&mut self.found, &stay);
        keep(&mut self.places, &stay);
        let moved = moved(&stay);
        for reference in self.list.iter_mut().flat_map(Draft::references_mut) {
            if let Reference::Draft(draft) = reference {
                *draft = moved.get(*draft).copied().flatten().ok_or_else(begin_again)?;
            }
        }
        Ok(())
    }
}
