//! A document → the records it means, their attributes typed, their linkage resolved to records of the request or to
//! ids. Pure: what the database must know is left to `resolve`.

mod planner;

use std::collections::{BTreeMap, HashMap};

use self::planner::Planner;
use super::super::document::{Document, Identifier, Options, ResourceObject};
use super::super::key::Key;
use super::super::relation::Relation;
use super::super::resource::{Ownership, Resource};
use super::super::value::Value;
use super::reach;
use super::sieve::{keep, moved};
use crate::acl::{Needs, Permission};
use crate::error::{ENTITY_TYPE, Error, Errors};

/// What a request wants written.
#[derive(Clone, Debug)]
pub struct WritePlan {
    /// The primary record first.
    pub drafts: Vec<Draft>,
    /// Run everything, then roll back.
    pub validate_only: bool,
}

/// What happens to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// With the id that the client chose, or a new one.
    Create(Option<Key>),
    Update(Key),
    /// Update the record that these members find, else create.
    Upsert(Match),
}

/// What an upsert finds its record by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    Id(Key),
    Members(Vec<&'static str>),
}

/// What a record is to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What the request is about: an error about it as a whole needs no pointer.
    Primary,
    /// One of several in `data`.
    Member,
    Included,
}

/// One record as the request describes it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub resource: &'static Resource,
    pub role: Role,
    pub pointer: String,
    pub label: Option<String>,
    /// Whether the label is a `lid`.
    pub local: bool,
    pub operation: Operation,
    pub values: BTreeMap<&'static str, Value>,
    pub links: BTreeMap<&'static str, DraftLinkage>,
}

/// The linkage of a relationship before ids are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftLinkage {
    One(Option<Reference>),
    Many(Vec<Reference>),
    Add(Vec<Reference>),
    Remove(Vec<Reference>),
}

impl DraftLinkage {
    /// Every reference named.
    pub fn references(&self) -> &[Reference] {
        match self {
            DraftLinkage::One(reference) => reference.as_slice(),
            DraftLinkage::Many(list) | DraftLinkage::Add(list) | DraftLinkage::Remove(list) => list,
        }
    }

    fn references_mut(&mut self) -> &mut [Reference] {
        match self {
            DraftLinkage::One(reference) => reference.as_mut_slice(),
            DraftLinkage::Many(list) | DraftLinkage::Add(list) | DraftLinkage::Remove(list) => list,
        }
    }
}

/// A record of the request, or one that has to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    Draft(usize),
    Existing(&'static Resource, Key),
}

impl Reference {
    /// The same for two references to one record, and for no others.
    pub fn mark(&self) -> (Option<usize>, Option<(&'static str, Key)>) {
        match self {
            Reference::Draft(index) => (Some(*index), None),
            Reference::Existing(resource, key) => (None, Some((resource.name, key.clone()))),
        }
    }
}

/// Records that earlier operations of a request have made, by type and `lid`.
pub type Made = HashMap<(&'static str, String), Key>;

/// Whether the route is POST on the collection or PATCH on an item.
#[derive(Clone, Debug)]
pub enum Route {
    Create,
    Update(Key),
}

/// The plan of a batch, with what is wrong with some of its drafts.
pub(super) struct Batched {
    pub plan: WritePlan,
    /// As [`reach`] looks at them.
    pub neighbours: Vec<Vec<usize>>,
    /// Each at its place in the body.
    pub errors: Vec<Error>,
}

impl WritePlan {
    /// Plans a create or update. All errors are collected.
    pub fn build(document: &Document, route: &Route) -> Result<WritePlan, Errors> {
        let mut planner = Planner::default();
        let included = document.included.iter().map(|object| (object, Role::Included));
        let objects: Vec<(&ResourceObject, Role)> =
            std::iter::once((&document.data, Role::Primary)).chain(included).collect();
        planner.index(&objects);
        let mut drafts: Vec<Draft> = Vec::with_capacity(objects.len());
        for (index, (object, role)) in objects.iter().enumerate() {
            let operation = if index == 0 { planner.primary(object, route) } else { planner.member(object) };
            drafts.push(planner.draft(index, (object, *role), operation.unwrap_or(Operation::Create(None))));
        }
        if document.data.options.validate && !document.data.resource.validatable {
            planner.errors.push(Error::value("The option is not supported.").at("/data/meta/validate"));
        }
        if planner.errors.is_empty() {
            let neighbours = planner.neighbours(&objects);
            planner.errors = reach::unreachable(&objects, &neighbours);
        }
        Errors::check(planner.errors)?;
        Ok(WritePlan { drafts, validate_only: document.data.options.validate })
    }

    /// Plans operations that are written together. Only a `lid` names one of their records, or one that was `made`
    /// before them.
    pub fn together(operations: &[(&ResourceObject, Route)], made: &Made) -> Result<WritePlan, Errors> {
        let mut planner = Planner::knowing(made, true);
        let role = |index| if index == 0 { Role::Primary } else { Role::Included };
        let objects: Vec<(&ResourceObject, Role)> =
            operations.iter().enumerate().map(|(index, (object, _))| (*object, role(index))).collect();
        planner.index(&objects);
        let mut drafts = Vec::with_capacity(operations.len());
        for (index, (object, route)) in operations.iter().enumerate() {
            let Options { update, validate, .. } = object.options;
            for (option, _) in [("update", update), ("validate", validate)].iter().filter(|(_, set)| *set) {
                let place = format!("{}/meta/{option}", object.pointer);
                planner.errors.push(Error::value("The option is not supported.").at(place));
            }
            let operation = planner.primary(object, route).unwrap_or(Operation::Create(None));
            drafts.push(planner.draft(index, objects[index], operation));
        }
        Errors::check(planner.errors)?;
        Ok(WritePlan { drafts, validate_only: false })
    }

    /// Plans the objects of a batch, those of `data` and then what is included with them; what goes by a label of `made`
    /// was written before. A draft of which an error tells is not what the client means.
    pub(super) fn batch(objects: &[(&ResourceObject, Role)], made: &Made) -> Batched {
        let mut planner = Planner::knowing(made, false);
        planner.index(objects);
        let mut drafts = Vec::with_capacity(objects.len());
        for (index, (object, role)) in objects.iter().enumerate() {
            let operation = planner.member(object).unwrap_or(Operation::Create(None));
            drafts.push(planner.draft(index, (object, *role), operation));
        }
        let neighbours = planner.neighbours(objects);
        Batched { plan: WritePlan { drafts, validate_only: false }, neighbours, errors: planner.errors }
    }

    /// The plan of some of its drafts, given in their order. They name no others.
    pub(super) fn only(self, drafts: &[usize]) -> WritePlan {
        let mut stay = vec![false; self.drafts.len()];
        drafts.iter().for_each(|draft| stay[*draft] = true);
        let mut drafts = self.drafts;
        keep(&mut drafts, &stay);
        let moved = moved(&stay);
        for reference in drafts.iter_mut().flat_map(Draft::references_mut) {
            if let Reference::Draft(draft) = reference
                && let Some(place) = moved[*draft]
            {
                *draft = place;
            }
        }
        WritePlan { drafts, validate_only: self.validate_only }
    }
}

impl Needs for WritePlan {
    /// Parts and upserts are judged when their parent and their fate are known.
    fn needs(&self) -> Vec<(&'static Resource, Permission)> {
        self.drafts.iter().filter_map(Draft::need).collect()
    }
}

impl Draft {
    /// Every reference that it makes.
    pub(super) fn references_mut(&mut self) -> impl Iterator<Item = &mut Reference> {
        self.links.values_mut().flat_map(DraftLinkage::references_mut)
    }

    /// Creating needs CREATE, changing EDIT.
    pub(super) fn need(&self) -> Option<(&'static Resource, Permission)> {
        match (&self.operation, self.resource.ownership) {
            (_, Ownership::Part(_)) | (Operation::Upsert(_), _) => None,
            (Operation::Create(_), _) => Some((self.resource, Permission::Create)),
            (Operation::Update(_), _) => Some((self.resource, Permission::Edit)),
        }
    }
}

/// Resolves one identifier to a record that is `known` from the request, or to an id of the relationship's target.
pub fn reference(
    relation: &Relation,
    identifier: &Identifier,
    place: &str,
    known: impl FnOnce(&'static Resource) -> Option<Reference>,
) -> Result<Reference, Error> {
    let targets = relation.targets();
    let Some(target) = targets.iter().copied().find(|target| target.name == identifier.type_name) else {
        let allowed: Vec<&str> = targets.iter().map(|target| target.name).collect();
        let detail = format!(
            "The type \"{}\" is not a type of this relationship. Expected: {}.",
            identifier.type_name,
            allowed.join(", ")
        );
        return Err(Error::new(&ENTITY_TYPE, detail).at(format!("{place}/type")));
    };
    if let Some(reference) = known(target) {
        return Ok(reference);
    }
    if identifier.local {
        return Err(Error::unknown_lid(&identifier.id).at(format!("{place}/lid")));
    }
    let key = Key::parse(target.id.kind, &identifier.id).map_err(|error| error.at(format!("{place}/id")))?;
    Ok(Reference::Existing(target, key))
}
