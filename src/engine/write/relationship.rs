//! Writes on relationship routes: PATCH replaces, POST adds, DELETE removes (contract 15).

use std::collections::{BTreeMap, HashSet};

use super::super::document::{Identifier, Identifiers};
use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::plan::{Draft, DraftLinkage, Made, Operation, Reference, Role, WritePlan, reference};
use crate::error::{Error, Errors, Source};

/// What the method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Replace,
    Add,
    Remove,
}

/// Plans a change of one relationship of one record. `pointer` is the place of the linkage; a `lid` in it is one of `made`.
pub fn plan(
    (resource, key, relation): (&'static Resource, Key, &'static Relation),
    identifiers: &Identifiers,
    change: Change,
    pointer: &str,
    made: &Made,
) -> Result<WritePlan, Errors> {
    let resolve = |one: &Identifier, place: &str| {
        reference(relation, one, place, |target| {
            let key = made.get(&(target.name, one.id.clone())).filter(|_| one.local)?;
            Some(Reference::Existing(target, key.clone()))
        })
    };
    let linkage = match identifiers {
        Identifiers::One(one) => DraftLinkage::One(one.as_ref().map(|one| resolve(one, pointer)).transpose()?),
        Identifiers::Many(list) => {
            let mut errors: Vec<Error> = Vec::new();
            let (mut references, mut seen) = (Vec::new(), HashSet::new());
            for (index, one) in list.iter().enumerate() {
                match resolve(one, &format!("{pointer}/{index}")) {
                    Ok(reference) if !seen.insert(reference.mark()) => {}
                    Ok(reference) => references.push(reference),
                    Err(error) => errors.push(error),
                }
            }
            Errors::check(errors)?;
            match change {
                _ if matches!(relation.link, Link::ToOne { .. }) => DraftLinkage::One(references.pop()),
                Change::Replace => DraftLinkage::Many(references),
                Change::Add => DraftLinkage::Add(references),
                Change::Remove => DraftLinkage::Remove(references),
            }
        }
    };
    let draft = Draft {
        resource,
        role: Role::Primary,
        pointer: pointer.to_owned(),
        label: Some(key.to_string()),
        local: false,
        operation: Operation::Update(key),
        values: BTreeMap::new(),
        links: BTreeMap::from([(relation.name, linkage)]),
    };
    Ok(WritePlan { drafts: vec![draft], validate_only: false })
}

/// On a relationship route the record is the parent entity, and its linkage the body's `data` at `pointer`.
pub fn on_route(errors: Errors, relation: &Relation, pointer: &str) -> Errors {
    let place = format!("{pointer}/relationships/{}/data", relation.name);
    let of_route = |error: Error| match (error.code.name, &error.source) {
        ("not-found", _) => Error::no_parent(),
        ("access-denied", None) => Error::no_access_to_parent(),
        (_, Some(Source::Pointer(there))) => match there.strip_prefix(&place) {
            Some(rest) => {
                let there = format!("{pointer}{rest}");
                error.at(there)
            }
            None => error,
        },
        _ => error,
    };
    Errors(errors.0.into_iter().map(of_route).collect())
}
