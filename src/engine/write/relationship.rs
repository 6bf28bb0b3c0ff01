//! Writes on relationship routes: PATCH replaces, POST adds, DELETE removes (contract 15).

use std::collections::BTreeMap;

use super::super::document::{Identifier, Identifiers};
use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::Resource;
use super::plan::{Draft, DraftLinkage, Operation, Reference, WritePlan, reference};
use crate::error::{Error, Errors};

/// What the method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Replace,
    Add,
    Remove,
}

/// Plans a change of one relationship of one record.
pub fn plan(
    resource: &'static Resource,
    key: Key,
    relation: &'static Relation,
    identifiers: &Identifiers,
    change: Change,
) -> Result<WritePlan, Errors> {
    let linkage = match identifiers {
        Identifiers::One(one) => {
            DraftLinkage::One(one.as_ref().map(|one| resolve(relation, one, "/data")).transpose()?)
        }
        Identifiers::Many(list) => {
            let mut errors: Vec<Error> = Vec::new();
            let mut references = Vec::new();
            for (index, one) in list.iter().enumerate() {
                match resolve(relation, one, &format!("/data/{index}")) {
                    Ok(reference) if references.contains(&reference) => {}
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
        pointer: "/data".to_owned(),
        label: Some(key.to_string()),
        operation: Operation::Update(key),
        values: BTreeMap::new(),
        links: BTreeMap::from([(relation.name, linkage)]),
    };
    Ok(WritePlan { drafts: vec![draft], validate_only: false })
}

fn resolve(relation: &Relation, identifier: &Identifier, place: &str) -> Result<Reference, Error> {
    reference(relation, identifier, place, |_, _| None)
}
