//! A document → the records it means, their attributes typed, their linkage resolved to records of the request or to
//! ids. Pure: what the database must know is left to `resolve`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::document::{Document, Identifier, Identifiers, Options, ResourceObject, Upsert};
use super::super::field::Access;
use super::super::input;
use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ownership, Resource};
use super::super::value::Value;
use super::reach;
use crate::acl::{Needs, Permission};
use crate::error::{ACTION_NOT_ALLOWED, ENTITY_TYPE, EXTRA_FIELDS, Error, Errors};

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

/// One record as the request describes it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub resource: &'static Resource,
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

impl WritePlan {
    /// Plans a create or update. All errors are collected.
    pub fn build(document: &Document, route: &Route) -> Result<WritePlan, Errors> {
        let mut planner = Planner::default();
        let objects: Vec<&ResourceObject> = std::iter::once(&document.data).chain(&document.included).collect();
        planner.index(&objects);
        let mut drafts: Vec<Draft> = Vec::with_capacity(objects.len());
        for (index, object) in objects.iter().enumerate() {
            let operation = if index == 0 { planner.primary(object, route) } else { planner.included(object) };
            let operation = operation.unwrap_or(Operation::Create(None));
            drafts.push(planner.draft(object, operation));
        }
        if document.data.options.validate && !document.data.resource.validatable {
            planner.errors.push(Error::value("The option is not supported.").at("/data/meta/validate"));
        }
        if planner.errors.is_empty() {
            planner.errors = reach::unreachable(&objects, &planner.labels);
        }
        Errors::check(planner.errors)?;
        Ok(WritePlan { drafts, validate_only: document.data.options.validate })
    }

    /// Plans operations that are written together. Only a `lid` names one of their records, or one that was `made`
    /// before them.
    pub fn together(operations: &[(&ResourceObject, Route)], made: &Made) -> Result<WritePlan, Errors> {
        let mut planner = Planner { made: Some(made), ..Planner::default() };
        planner.index(&operations.iter().map(|(object, _)| *object).collect::<Vec<_>>());
        let mut drafts = Vec::with_capacity(operations.len());
        for (object, route) in operations {
            let Options { update, validate, .. } = object.options;
            for (option, _) in [("update", update), ("validate", validate)].iter().filter(|(_, set)| *set) {
                let place = format!("{}/meta/{option}", object.pointer);
                planner.errors.push(Error::value("The option is not supported.").at(place));
            }
            let operation = planner.primary(object, route).unwrap_or(Operation::Create(None));
            drafts.push(planner.draft(object, operation));
        }
        Errors::check(planner.errors)?;
        Ok(WritePlan { drafts, validate_only: false })
    }
}

impl Needs for WritePlan {
    /// Creating needs CREATE, changing EDIT. Parts and upserts are judged when their parent and their fate are known.
    fn needs(&self) -> Vec<(&'static Resource, Permission)> {
        let of = |draft: &Draft| match (&draft.operation, draft.resource.ownership) {
            (_, Ownership::Part(_)) | (Operation::Upsert(_), _) => None,
            (Operation::Create(_), _) => Some((draft.resource, Permission::Create)),
            (Operation::Update(_), _) => Some((draft.resource, Permission::Edit)),
        };
        self.drafts.iter().filter_map(of).collect()
    }
}

#[derive(Default)]
struct Planner<'d> {
    /// Type and label of every object of the request.
    labels: HashMap<(&'static str, &'d str), usize>,
    /// Of operations: then no `id` is a label.
    made: Option<&'d Made>,
    errors: Vec<Error>,
}

impl<'d> Planner<'d> {
    fn index(&mut self, objects: &[&'d ResourceObject]) {
        for (index, object) in objects.iter().enumerate() {
            let Some(label) = object.id.as_ref().filter(|_| object.local || self.made.is_none()) else { continue };
            match self.labels.get(&(object.resource.name, label.as_str())) {
                Some(first) => self.errors.push(Error::duplicate_item(*first).at(&object.pointer)),
                None => {
                    self.labels.insert((object.resource.name, label), index);
                }
            }
        }
    }

    fn primary(&mut self, object: &ResourceObject, route: &Route) -> Option<Operation> {
        let place = || format!("{}/meta/upsert", object.pointer);
        match (route, &object.options.upsert) {
            (Route::Update(key), None) => Some(Operation::Update(key.clone())),
            (Route::Update(key), Some(Upsert::Id)) if object.resource.id.kind.is_assigned() => {
                Some(Operation::Upsert(Match::Id(key.clone())))
            }
            (Route::Update(_), Some(Upsert::Id)) => {
                let detail =
                    "The upsert operation is not supported for resources with auto-generated identifier value.";
                self.refuse(Error::value(detail).at(place()))
            }
            (Route::Update(_), Some(Upsert::Members(_))) => {
                let detail = "Only the entity identifier can be used by the upsert operation to find an entity.";
                self.refuse(Error::value(detail).at(place()))
            }
            (Route::Create, _) => self.create_or_upsert(object),
        }
    }

    fn included(&mut self, object: &ResourceObject) -> Option<Operation> {
        if object.options.update {
            if !object.resource.actions.update {
                return self.not_allowed("update", object);
            }
            return self.key(object).map(Operation::Update);
        }
        self.create_or_upsert(object)
    }

    fn create_or_upsert(&mut self, object: &ResourceObject) -> Option<Operation> {
        let resource = object.resource;
        let place = format!("{}/meta/upsert", object.pointer);
        match &object.options.upsert {
            None if !resource.actions.create => self.not_allowed("create", object),
            None => self.new_key(object).map(Operation::Create),
            Some(Upsert::Id) if resource.id.kind.is_assigned() => {
                let key = self.new_key(object)?;
                key.map(|key| Operation::Upsert(Match::Id(key)))
            }
            Some(_) if !resource.unique.iter().any(|key| key.upsert) && !resource.id.kind.is_assigned() => {
                self.refuse(Error::value("The upsert operation is not supported.").at(place))
            }
            Some(Upsert::Id) => {
                let detail = "The upsert operation cannot use the entity identifier to find an entity.";
                self.refuse(Error::value(detail).at(place))
            }
            Some(Upsert::Members(members)) => {
                let mut wanted: Vec<&str> = members.iter().map(String::as_str).collect();
                wanted.sort_unstable();
                let found = resource.unique.iter().find(|key| {
                    let mut has: Vec<&str> = key.members.to_vec();
                    has.sort_unstable();
                    key.upsert && has == wanted
                });
                match found {
                    Some(key) => Some(Operation::Upsert(Match::Members(key.members.to_vec()))),
                    None => {
                        let these = if members.len() == 1 { "this field" } else { "these fields" };
                        let detail = format!("The upsert operation cannot use {these} to find an entity.");
                        self.refuse(Error::value(detail).at(place))
                    }
                }
            }
        }
    }

    /// The id of a record to be created, where the client chooses it.
    fn new_key(&mut self, object: &ResourceObject) -> Option<Option<Key>> {
        if !object.resource.id.kind.is_assigned() {
            return Some(None);
        }
        if object.id.is_none() || object.local {
            let error = Error::new(&crate::error::INVALID_ID, "The identifier is mandatory");
            return self.refuse(error.at(format!("{}/id", object.pointer)));
        }
        self.key(object).map(Some)
    }

    fn key(&mut self, object: &ResourceObject) -> Option<Key> {
        let label = object.id.as_deref().unwrap_or_default();
        match Key::parse(object.resource.id.kind, label) {
            Ok(key) => Some(key),
            Err(error) => self.refuse(error.at(format!("{}/id", object.pointer))),
        }
    }

    fn not_allowed<T>(&mut self, action: &str, object: &ResourceObject) -> Option<T> {
        let detail = format!("The \"{action}\" action is not allowed.");
        self.refuse(Error::new(&ACTION_NOT_ALLOWED, detail).at(&object.pointer))
    }

    fn refuse<T>(&mut self, error: Error) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn draft(&mut self, object: &ResourceObject, operation: Operation) -> Draft {
        let resource = object.resource;
        let creates = !matches!(operation, Operation::Update(_));
        let settable = |access: Access| match access {
            Access::Writable | Access::WriteOnly => true,
            Access::CreateOnly => creates,
            Access::ReadOnly | Access::Hidden => false,
        };
        let mut extra = Vec::new();
        let mut values = BTreeMap::new();
        for (name, json) in &object.attributes {
            match resource.field(name) {
                None => extra.push(name.as_str()),
                Some(field) if settable(field.access) => match input::parse(field, json) {
                    Ok(value) => {
                        values.insert(field.name, value);
                    }
                    Err(error) => self.errors.push(error.at(format!("{}/attributes/{name}", object.pointer))),
                },
                Some(_) => {}
            }
        }
        let mut links = BTreeMap::new();
        for (name, identifiers) in &object.relationships {
            match resource.relation(name).filter(|relation| !relation.hidden) {
                None => extra.push(name.as_str()),
                Some(relation) if settable(relation.access) => {
                    let place = format!("{}/relationships/{name}/data", object.pointer);
                    if let Some(linkage) = self.linkage(relation, identifiers, &place) {
                        links.insert(relation.name, linkage);
                    }
                }
                Some(_) => {}
            }
        }
        if !extra.is_empty() {
            let names: Vec<String> = extra.iter().map(|name| format!("\"{name}\"")).collect();
            let detail = format!("This form should not contain extra fields: {}.", names.join(", "));
            self.errors.push(Error::new(&EXTRA_FIELDS, detail).at(&object.pointer));
        }
        let (pointer, label) = (object.pointer.clone(), object.id.clone());
        Draft { resource, pointer, label, local: object.local, operation, values, links }
    }

    fn linkage(&mut self, relation: &Relation, identifiers: &Identifiers, place: &str) -> Option<DraftLinkage> {
        match (identifiers, relation.is_many()) {
            (Identifiers::One(None), false) => Some(DraftLinkage::One(None)),
            (Identifiers::One(Some(one)), false) => {
                self.reference(relation, one, place).map(|one| DraftLinkage::One(Some(one)))
            }
            (Identifiers::Many(list), true) => {
                let references: Vec<Option<Reference>> = list
                    .iter()
                    .enumerate()
                    .map(|(index, one)| self.reference(relation, one, &format!("{place}/{index}")))
                    .collect();
                let mut references: Vec<Reference> = references.into_iter().collect::<Option<_>>()?;
                let mut seen = HashSet::new();
                references.retain(|reference| seen.insert(reference.mark()));
                if matches!(relation.link, Link::ToOne { .. }) {
                    if references.len() > 1 {
                        let detail =
                            format!("This collection should contain 1 element or less. {} were given.", list.len());
                        return self.refuse(Error::new(&crate::error::COUNT, detail).at(place));
                    }
                    return Some(DraftLinkage::One(references.pop()));
                }
                Some(DraftLinkage::Many(references))
            }
            (_, true) => {
                self.refuse(Error::request_data("The list of resource identifier objects should be an array").at(place))
            }
            (_, false) => {
                self.refuse(Error::request_data("The resource identifier object should be NULL or an object").at(place))
            }
        }
    }

    fn reference(&mut self, relation: &Relation, identifier: &Identifier, place: &str) -> Option<Reference> {
        let known = |target: &'static Resource| {
            let label = Some(identifier.id.as_str()).filter(|_| identifier.local || self.made.is_none())?;
            if let Some(draft) = self.labels.get(&(target.name, label)) {
                return Some(Reference::Draft(*draft));
            }
            let key = self.made?.get(&(target.name, label.to_owned()))?;
            Some(Reference::Existing(target, key.clone()))
        };
        reference(relation, identifier, place, known).map_err(|error| self.errors.push(error)).ok()
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
