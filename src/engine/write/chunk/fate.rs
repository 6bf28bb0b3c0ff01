//! What becomes of each draft of a chunk: who fails, and with whom.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::Outcome;
use crate::acl::{self, Caller};
use crate::engine::document::ResourceObject;
use crate::engine::write::plan::{DraftLinkage, Reference, Role, WritePlan};
use crate::engine::write::{Fate, Record, reach};
use crate::error::{Error, Errors, Source};

/// The drafts of a chunk while it is written.
pub(super) struct Fates<'c> {
    /// The objects that the drafts are made of, with their roles.
    objects: &'c [(&'c ResourceObject, Role)],
    /// The drafts by the places of their objects, once an error asks for one.
    places: OnceCell<HashMap<&'c str, usize>>,
    /// The drafts that name each: they fail with it.
    needed_by: Vec<Vec<usize>>,
    /// The drafts that each is linked with, in either direction.
    neighbours: Vec<Vec<usize>>,
    outcomes: Vec<Option<Outcome>>,
}

impl<'c> Fates<'c> {
    pub fn new(objects: &'c [(&'c ResourceObject, Role)], plan: &WritePlan, neighbours: Vec<Vec<usize>>) -> Fates<'c> {
        let mut needed_by = vec![Vec::new(); plan.drafts.len()];
        for (index, draft) in plan.drafts.iter().enumerate() {
            for reference in draft.links.values().flat_map(DraftLinkage::references) {
                if let Reference::Draft(needed) = reference {
                    needed_by[*needed].push(index);
                }
            }
        }
        Fates {
            objects,
            places: OnceCell::new(),
            needed_by,
            neighbours,
            outcomes: plan.drafts.iter().map(|_| None).collect(),
        }
    }

    /// Fails the drafts that the errors point at, and those that need them. What points at no draft is given back.
    pub fn fail(&mut self, errors: Vec<Error>) -> Vec<Error> {
        let mut told: BTreeMap<usize, Vec<Error>> = BTreeMap::new();
        let mut untold = Vec::new();
        for error in errors {
            match self.place(&error) {
                Some(draft) => told.entry(draft).or_default().push(error),
                None => untold.push(error),
            }
        }
        for (draft, errors) in told {
            self.fail_one(draft, &errors);
        }
        untold
    }

    /// The draft whose object an error points into.
    fn place(&self, error: &Error) -> Option<usize> {
        let Some(Source::Pointer(pointer)) = &error.source else { return None };
        let end = pointer.match_indices('/').nth(2).map_or(pointer.len(), |(end, _)| end);
        let places = || self.objects.iter().enumerate().map(|(index, (object, _))| (&*object.pointer, index)).collect();
        self.places.get_or_init(places).get(pointer.get(..end)?).copied()
    }

    fn role(&self, draft: usize) -> Role {
        self.objects[draft].1
    }

    /// Fails one draft, and those that need it, for the same reasons.
    fn fail_one(&mut self, draft: usize, errors: &[Error]) {
        let (mut seen, mut waiting) = (HashSet::new(), vec![draft]);
        while let Some(index) = waiting.pop() {
            if !seen.insert(index) {
                continue;
            }
            match &mut self.outcomes[index] {
                Some(Outcome::Failed(Errors(known))) => known.extend_from_slice(errors),
                outcome => *outcome = Some(Outcome::Failed(Errors(errors.to_vec()))),
            }
            waiting.extend(&self.needed_by[index]);
        }
    }

    /// Fails the drafts of `data` among some that hang together, when nothing tells which of them is wrong.
    pub fn fail_together(&mut self, drafts: &[usize], errors: &[Error]) {
        for index in drafts.iter().copied() {
            if self.role(index) != Role::Member {
                continue;
            }
            let pointer = &self.objects[index].0.pointer;
            let errors: Vec<Error> = errors.iter().map(|error| error.clone().at(pointer)).collect();
            self.outcomes[index] = Some(Outcome::Failed(Errors(errors)));
        }
    }

    /// Fails drafts of types that the caller may not write at all.
    pub fn fail_forbidden(&mut self, plan: &WritePlan, caller: &Caller) {
        for (index, draft) in plan.drafts.iter().enumerate() {
            if draft.need().is_some_and(|(resource, permission)| acl::scope(resource, permission, caller).is_none()) {
                self.fail_one(index, &[Error::no_access_to_type().at(&draft.pointer)]);
            }
        }
    }

    /// Those of some drafts that are still to be written: they have not failed, nor has everything of `data` that they
    /// are linked with.
    pub fn open(&self, drafts: &[usize]) -> Vec<usize> {
        let open = |index: usize| self.outcomes[index].is_none();
        let members = drafts.iter().copied().filter(|index| open(*index) && self.role(*index) == Role::Member);
        let reached = reach::reached(self.objects.len(), members.collect(), |index| {
            self.neighbours[index].iter().copied().filter(|other| open(*other))
        });
        drafts.iter().copied().filter(|index| reached[*index]).collect()
    }

    /// Open drafts, parted into those that hang together.
    pub fn groups(&self, drafts: &[usize]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut seen = vec![false; self.objects.len()];
        for start in drafts {
            let (mut group, mut waiting) = (Vec::new(), vec![*start]);
            while let Some(index) = waiting.pop() {
                if self.outcomes[index].is_none() && !std::mem::replace(&mut seen[index], true) {
                    group.push(index);
                    waiting.extend(&self.neighbours[index]);
                }
            }
            if !group.is_empty() {
                groups.push(group);
            }
        }
        groups
    }

    /// Notes what was written of a plan of some drafts.
    pub fn settle(&mut self, drafts: &[usize], records: Vec<Record>) {
        for Record { place, key, fate, .. } in records {
            self.outcomes[drafts[place]] = Some(match fate {
                Fate::Created => Outcome::Created(key),
                Fate::Updated => Outcome::Updated(key),
                Fate::Unchanged => Outcome::Unchanged(key),
            });
        }
    }

    /// What became of every draft. One that was left out has failed with what it is linked with.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let failure = |start: usize| {
            let (mut seen, mut waiting) = (HashSet::new(), vec![start]);
            while let Some(index) = waiting.pop() {
                match &self.outcomes[index] {
                    Some(Outcome::Failed(errors)) => return errors.clone(),
                    None if seen.insert(index) => waiting.extend(&self.neighbours[index]),
                    _ => {}
                }
            }
            Error::internal("a record of a chunk was forgotten").into()
        };
        let left_out: HashMap<usize, Errors> = (0..self.outcomes.len())
            .filter(|index| self.outcomes[*index].is_none())
            .map(|index| (index, failure(index)))
            .collect();
        let outcomes = self.outcomes.into_iter().enumerate();
        let outcome = |(index, outcome): (usize, Option<Outcome>)| {
            outcome.or_else(|| left_out.get(&index).cloned().map(Outcome::Failed))
        };
        outcomes.filter_map(outcome).collect()
    }
}
