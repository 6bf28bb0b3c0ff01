//! One resource object → a [`Draft`]: what happens to the record, its attributes typed, its linkage resolved.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Draft, DraftLinkage, Made, Match, Operation, Reference, Role, Route, reference};
use crate::engine::document::{Identifier, Identifiers, ResourceObject, Upsert};
use crate::engine::field::Access;
use crate::engine::input;
use crate::engine::key::Key;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::Resource;
use crate::error::{ACTION_NOT_ALLOWED, EXTRA_FIELDS, Error};

/// What names an object of a request.
#[derive(Clone, Copy, Debug)]
struct Label {
    draft: usize,
    role: Role,
    /// Whether it is a `lid`.
    local: bool,
    /// Whether several objects of `data` have it.
    shared: bool,
}

/// Makes the drafts of one request. Errors are collected, each at its place.
#[derive(Default)]
pub(super) struct Planner<'d> {
    /// Type and label of every object of the request.
    labels: HashMap<(&'static str, &'d str), Label>,
    /// What is known beside them by type and label.
    made: Option<&'d Made>,
    /// Of operations: then no `id` is a label.
    only_lids: bool,
    pub errors: Vec<Error>,
}

impl<'d> Planner<'d> {
    /// `made`: records that the objects may name beside each other. `only_lids`: an `id` names a stored record.
    pub fn knowing(made: &'d Made, only_lids: bool) -> Planner<'d> {
        Planner { made: Some(made), only_lids, ..Planner::default() }
    }

    /// The objects that each is linked with, in either direction, by whatever relationships they state: one that the
    /// record's own rules leave as it is counts too.
    pub fn neighbours(&self, objects: &[(&ResourceObject, Role)]) -> Vec<Vec<usize>> {
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); objects.len()];
        for (index, (object, role)) in objects.iter().enumerate() {
            let named = object.relationships.iter().flat_map(|(_, identifiers)| identifiers.as_slice());
            for one in named {
                let label = self.labels.get(&(one.type_name.as_str(), one.id.as_str()));
                if let Some(label) = label.filter(|label| label.is_meant((index, *role), one)) {
                    neighbours[index].push(label.draft);
                    neighbours[label.draft].push(index);
                }
            }
        }
        neighbours
    }

    /// Notes what the objects are called; they become drafts in this order.
    pub fn index(&mut self, objects: &[(&'d ResourceObject, Role)]) {
        for (draft, (object, role)) in objects.iter().enumerate() {
            let Some(label) = object.id.as_ref().filter(|_| object.local || !self.only_lids) else { continue };
            match self.labels.entry((object.resource.name, label)) {
                Entry::Vacant(place) => {
                    place.insert(Label { draft, role: *role, local: object.local, shared: false });
                }
                // Objects of `data` may be called alike, as long as nothing has to tell them apart.
                Entry::Occupied(mut first) if *role == Role::Member && !object.local => first.get_mut().shared = true,
                Entry::Occupied(first) => {
                    let (first, _) = objects[first.get().draft];
                    self.errors.push(Error::duplicate_of(&first.pointer).at(&object.pointer));
                }
            }
        }
    }

    pub fn primary(&mut self, object: &ResourceObject, route: &Route) -> Option<Operation> {
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

    /// A record that says by itself whether it is created, updated or upserted.
    pub fn member(&mut self, object: &ResourceObject) -> Option<Operation> {
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
        // That it is missing was told with the form.
        let label = object.id.as_deref()?;
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

    pub fn draft(&mut self, index: usize, (object, role): (&ResourceObject, Role), operation: Operation) -> Draft {
        let resource = object.resource;
        let creates = !matches!(operation, Operation::Update(_));
        let settable = |access: Access| match access {
            Access::Writable | Access::WriteOnly => true,
            Access::CreateOnly | Access::WriteOnce => creates,
            Access::ReadOnly | Access::Hidden => false,
        };
        // What a record is found by is taken as it is sent, even where nobody can set it.
        let sought = |name: &str| matches!(&operation, Operation::Upsert(Match::Members(by)) if by.contains(&name));
        let mut extra = Vec::new();
        let mut values = BTreeMap::new();
        for (name, json) in &object.attributes {
            match resource.field(name) {
                None => extra.push(name.as_str()),
                Some(field) if field.access == Access::WriteOnce && !creates => extra.push(name.as_str()),
                Some(field) if settable(field.access) || sought(name) => match input::parse(field, json) {
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
                Some(relation) if settable(relation.access) || sought(name) => {
                    let place = format!("{}/relationships/{name}/data", object.pointer);
                    if let Some(linkage) = self.linkage((index, role), relation, identifiers, &place) {
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
        Draft { resource, role, pointer, label, local: object.local, operation, values, links }
    }

    fn linkage(
        &mut self,
        from: (usize, Role),
        relation: &Relation,
        identifiers: &Identifiers,
        place: &str,
    ) -> Option<DraftLinkage> {
        match (identifiers, relation.is_many()) {
            (Identifiers::One(None), false) => Some(DraftLinkage::One(None)),
            (Identifiers::One(Some(one)), false) => {
                self.reference(from, relation, one, place).map(|one| DraftLinkage::One(Some(one)))
            }
            (Identifiers::Many(list), true) => {
                let references: Vec<Option<Reference>> = list
                    .iter()
                    .enumerate()
                    .map(|(index, one)| self.reference(from, relation, one, &format!("{place}/{index}")))
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

    fn reference(
        &mut self,
        from: (usize, Role),
        relation: &Relation,
        identifier: &Identifier,
        place: &str,
    ) -> Option<Reference> {
        let mut ambiguous = false;
        let known = |target: &'static Resource| {
            let label = Some(identifier.id.as_str()).filter(|_| identifier.local || !self.only_lids)?;
            if let Some(known) = self.labels.get(&(target.name, label)).filter(|known| known.is_meant(from, identifier))
            {
                ambiguous = known.shared && known.draft != from.0;
                return Some(Reference::Draft(known.draft));
            }
            let key = self.made?.get(&(target.name, label.to_owned()))?;
            Some(Reference::Existing(target, key.clone()))
        };
        let found = reference(relation, identifier, place, known).map_err(|error| self.errors.push(error)).ok()?;
        if ambiguous {
            let detail = format!("Several entities of the request go by \"{}\".", identifier.id);
            return self.refuse(Error::request_data(detail).at(place));
        }
        Some(found)
    }
}

impl Label {
    /// Whether an identifier of an object means what goes by the label. An object of `data` names another one by `lid`
    /// alone: the `id` of a record that is created with others says nothing to these.
    fn is_meant(&self, (from, role): (usize, Role), identifier: &Identifier) -> bool {
        self.role != Role::Member || role != Role::Member || self.draft == from || identifier.local && self.local
    }
}
