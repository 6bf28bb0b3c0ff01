//! Which included records go into which chunk. Pure.
//!
//! A record needs what it names, what that names, and so on. A record that only names others (a price that names its
//! product) belongs to the first of `data` that it names, or else to the chunk of whatever it names. What several
//! chunks need is marked as shared: whichever of them comes first writes it.

use std::collections::{HashMap, HashSet};

use super::labels::Named;
use super::{Limits, too_many_included};
use crate::error::Error;

/// How many included records all chunks together may list, for each record of the body: beyond, the body would be written
/// again and again.
const SHARING: usize = 100;

/// What names what, while the body is read.
#[derive(Default)]
pub struct Builder {
    /// The included record of a name.
    labels: HashMap<u64, usize>,
    /// The names that each included record uses.
    named: Vec<Vec<u64>>,
    /// Bytes of each included record, and of each of `data`.
    included_bytes: Vec<u32>,
    record_bytes: Vec<u32>,
    /// Included records without a name, or with the name of an earlier one.
    faulty: Vec<(usize, Option<usize>)>,
    /// What each record of `data` names of what is included.
    records: Vec<Vec<u32>>,
    /// Names that included records use, and none of them has.
    wanted: HashSet<u64>,
    /// Which record of `data` has such a name: the first.
    owners: HashMap<u64, usize>,
}

/// Who needs whom among the records of a body. Included records go by their places.
#[derive(Default)]
pub struct Graph {
    /// For each record of `data`, what it names, and what names it.
    records: Vec<Vec<u32>>,
    /// Bytes of each of `data`, and of each included record.
    record_bytes: Vec<u32>,
    included_bytes: Vec<u32>,
    /// For each included record, what it names.
    forward: Vec<Vec<u32>>,
    /// For each included record, those that name it and that nothing else brings.
    followers: Vec<Vec<u32>>,
    /// Already in a chunk.
    placed: Vec<bool>,
    shared: Vec<bool>,
    strays: Vec<Error>,
}

/// What a chunk is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many records of `data`, and what is wrong with some of them: the place in the chunk, and the fault.
    pub records: usize,
    pub faults: Vec<(usize, String)>,
    /// Which included records, and whether each is shared.
    pub included: Vec<(usize, bool)>,
}

impl Builder {
    /// The next record of `included`.
    pub fn included(&mut self, named: Named, bytes: usize) {
        self.included_bytes.push(bytes as u32);
        let place = self.named.len();
        match named.own {
            None => self.faulty.push((place, None)),
            Some(name) => {
                let first = *self.labels.entry(name).or_insert(place);
                if first != place {
                    self.faulty.push((place, Some(first)));
                }
            }
        }
        self.named.push(named.others);
    }

    /// The next record of `data`; they come after everything included.
    pub fn record(&mut self, named: Named, bytes: usize) {
        self.record_bytes.push(bytes as u32);
        let place = |name: &u64| self.labels.get(name).map(|place| *place as u32);
        let index = self.records.len();
        if let Some(name) = named.own.filter(|name| self.wanted.contains(name)) {
            self.owners.entry(name).or_insert(index);
        }
        self.records.push(named.others.iter().filter_map(place).collect());
    }

    /// Everything included is known.
    pub fn included_all(&mut self) {
        self.wanted = self.named.iter().flatten().copied().filter(|name| !self.labels.contains_key(name)).collect();
    }

    /// Knows every record.
    pub fn finish(mut self, limits: Limits) -> Result<Graph, Error> {
        let count = self.named.len();
        let mut forward: Vec<Vec<u32>> = Vec::with_capacity(count);
        let mut free = Vec::new();
        for (index, named) in self.named.iter().enumerate() {
            let others = named.iter().filter_map(|name| self.labels.get(name).map(|place| *place as u32));
            forward.push(others.filter(|other| *other as usize != index).collect());
            match named.iter().filter_map(|name| self.owners.get(name)).min() {
                Some(owner) if !self.records[*owner].contains(&(index as u32)) => {
                    self.records[*owner].push(index as u32);
                }
                Some(_) => {}
                None => free.push(index),
            }
        }
        let brought = reached(&self.records, &forward);
        let mut followers: Vec<Vec<u32>> = vec![Vec::new(); count];
        for index in free.into_iter().filter(|index| !brought[*index]) {
            forward[index].iter().for_each(|other| followers[*other as usize].push(index as u32));
        }
        let (placed, shared) = (vec![false; count], vec![false; count]);
        let Builder { records, record_bytes, included_bytes, faulty, .. } = self;
        let mut graph =
            Graph { records, record_bytes, included_bytes, forward, followers, placed, shared, strays: Vec::new() };
        graph.rehearse(limits)?;
        graph.strays = strays(&graph.placed, &faulty);
        graph.placed.fill(false);
        Ok(graph)
    }
}

/// What the records of `data` lead to.
fn reached(records: &[Vec<u32>], forward: &[Vec<u32>]) -> Vec<bool> {
    let mut reached = vec![false; forward.len()];
    let mut waiting: Vec<u32> = records.iter().flatten().copied().collect();
    while let Some(place) = waiting.pop() {
        if !std::mem::replace(&mut reached[place as usize], true) {
            waiting.extend(&forward[place as usize]);
        }
    }
    reached
}

fn strays(placed: &[bool], faulty: &[(usize, Option<usize>)]) -> Vec<Error> {
    let faults: HashMap<usize, Option<usize>> = faulty.iter().copied().collect();
    let lost = (0..placed.len()).filter(|place| !placed[*place] || faults.contains_key(place));
    lost.map(|place| {
        let error = match faults.get(&place) {
            Some(Some(first)) => Error::duplicate_of(&format!("/included/{first}")),
            Some(None) => Error::request_data("The related resource should be an object with a 'type' and an 'id'"),
            None => Error::request_data(
                "The entity should have a relationship with at least one primary entity and this should be explicitly \
                 specified in the request",
            ),
        };
        error.at(format!("/included/{place}"))
    })
    .collect()
}

impl Graph {
    /// What is wrong with included records that belong to no chunk.
    pub fn strays(&self) -> &[Error] {
        &self.strays
    }

    /// The chunk that begins with the record of that place.
    pub fn group(&mut self, start: usize, limits: Limits) -> Group {
        let mut group = Group::default();
        let mut included: HashSet<u32> = HashSet::new();
        let mut bytes = 0;
        for record in start..self.records.len() {
            if group.records >= limits.chunk || bytes >= limits.chunk_bytes {
                break;
            }
            let (new, placed) = self.needs(record, &included, limits.included);
            let too_many = new.len() > limits.included;
            let full = group.records > 0 && group.records + included.len() + new.len() >= limits.chunk;
            if too_many || full {
                placed.iter().for_each(|place| self.placed[*place as usize] = false);
            }
            if too_many {
                group.faults.push((group.records, too_many_included(limits.included)));
            } else if full {
                break;
            } else {
                bytes += new.iter().map(|place| self.included_bytes[*place as usize] as usize).sum::<usize>();
                included.extend(new);
            }
            bytes += self.record_bytes[record] as usize;
            group.records += 1;
        }
        let mut places: Vec<usize> = included.into_iter().map(|place| place as usize).collect();
        places.sort_unstable();
        group.included = places.into_iter().map(|place| (place, self.shared[place])).collect();
        group
    }

    /// What a record needs beside what is there, and which of it is now in a chunk for the first time. Stops beyond the
    /// limit.
    fn needs(&mut self, record: usize, there: &HashSet<u32>, limit: usize) -> (HashSet<u32>, Vec<u32>) {
        let (mut new, mut placed) = (HashSet::new(), Vec::new());
        let mut waiting = self.records[record].clone();
        while let Some(place) = waiting.pop() {
            if there.contains(&place) || !new.insert(place) {
                continue;
            }
            if new.len() > limit {
                break;
            }
            let index = place as usize;
            waiting.extend(&self.forward[index]);
            if !std::mem::replace(&mut self.placed[index], true) {
                placed.push(place);
                waiting.extend(self.followers[index].iter().filter(|follower| !self.placed[**follower as usize]));
            }
        }
        (new, placed)
    }

    /// Makes all groups once, to learn what they share.
    fn rehearse(&mut self, limits: Limits) -> Result<(), Error> {
        let mut seen = vec![false; self.forward.len()];
        let (mut start, mut listed) = (0, 0);
        while start < self.records.len() {
            let group = self.group(start, limits);
            start += group.records;
            listed += group.included.len();
            if listed > SHARING * (self.records.len() + self.forward.len()) {
                let detail = "Too many records share what is included: include only what the records of the body need.";
                return Err(Error::request_data(detail).at("/included"));
            }
            for (place, _) in group.included {
                if std::mem::replace(&mut seen[place], true) {
                    self.shared[place] = true;
                }
            }
        }
        Ok(())
    }
}
