//! The body of a request in the extension for atomic operations (`https://jsonapi.org/ext/atomic`): bytes →
//! [`Operation`]s, or what is wrong with their form. Pure; a `lid` stays a name.

use serde_json::{Map, Value as Json};

use super::{Identifiers, Reader, ResourceObject, linkage, parse_object};
use crate::engine::key::Key;
use crate::engine::registry::Registry;
use crate::engine::relation::Relation;
use crate::engine::resource::Resource;
use crate::engine::write::relationship::Change;
use crate::error::{Error, Errors, OPERATION_NOT_ALLOWED};

/// The extension's name in media types.
pub const EXTENSION: &str = "https://jsonapi.org/ext/atomic";

const LIST: &str = "atomic:operations";

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// `/atomic:operations/3`
    pub pointer: String,
    pub action: Action,
}

/// What an operation does.
#[derive(Debug)]
pub enum Action {
    Add(ResourceObject),
    Update(Target, ResourceObject),
    Remove(Target),
    Relate { target: Target, relation: &'static Relation, change: Change, linkage: Identifiers },
}

/// The record that an operation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub resource: &'static Resource,
    pub name: Name,
}

/// How an operation names a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Id(Key),
    /// Of a record that the same request makes.
    Lid(String),
}

/// What an operation's `ref` or `href` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Collection(&'static Resource),
    Record(Target),
    Relationship(Target, &'static Relation),
}

/// Parses a body of at most `limit` operations. `locate` tells what a URL names.
pub fn parse(
    body: &[u8],
    registry: &Registry,
    limit: usize,
    locate: impl Fn(&str) -> Result<Place, Error>,
) -> Result<Vec<Operation>, Errors> {
    let root = parse_object(body)?;
    let mut errors: Vec<Error> = ["data", "included"]
        .into_iter()
        .filter(|name| root.contains_key(*name))
        .map(|name| Error::request_data(format!("A document of operations has no '{name}'")).at(format!("/{name}")))
        .collect();
    let list = match root.get(LIST) {
        Some(Json::Array(list)) if list.len() > limit => {
            let detail =
                format!("The request has {} operations. At most {limit} are allowed in one request.", list.len());
            return Err(Error::request_data(detail).at(format!("/{LIST}")).into());
        }
        Some(Json::Array(list)) if !list.is_empty() => list.as_slice(),
        _ => {
            let detail = format!("The '{LIST}' property should be an array that is not empty");
            errors.push(Error::request_data(detail).at(format!("/{LIST}")));
            &[]
        }
    };
    let mut operations = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let mut reader = Reader { registry, errors: Vec::new() };
        let pointer = format!("/{LIST}/{index}");
        if let Some(action) = reader.operation(item, &pointer, &locate) {
            operations.push(Operation { pointer, action });
        }
        errors.extend(reader.errors);
    }
    Errors::check(errors)?;
    Ok(operations)
}

impl Reader<'_> {
    fn operation(
        &mut self,
        item: &Json,
        pointer: &str,
        locate: &impl Fn(&str) -> Result<Place, Error>,
    ) -> Option<Action> {
        let Json::Object(object) = item else {
            return self.refuse(Error::request_data("The operation should be an object").at(pointer));
        };
        for name in object.keys().filter(|name| !name.starts_with('@')) {
            if !matches!(name.as_str(), "op" | "ref" | "href" | "data" | "meta") {
                let detail = format!("The '{name}' property is not allowed for an operation");
                self.errors.push(Error::request_data(detail).at(format!("{pointer}/{name}")));
            }
        }
        let op = self.text_property(object, "op", pointer);
        let place = match (object.get("ref"), object.get("href")) {
            (Some(_), Some(_)) => {
                return self.refuse(Error::request_data("Only one of 'ref' and 'href' can be used").at(pointer));
            }
            (Some(reference), None) => Some(self.reference(reference, &format!("{pointer}/ref"))?),
            (None, Some(_)) => {
                let url = self.text_property(object, "href", pointer)?;
                match locate(&url) {
                    Ok(place) => Some(place),
                    Err(error) => return self.refuse(error.at(format!("{pointer}/href"))),
                }
            }
            (None, None) => None,
        };
        match (op?.as_str(), place) {
            ("add", None) => self.add(object, pointer, None),
            ("add", Some(Place::Collection(resource))) => self.add(object, pointer, Some(resource)),
            ("update", None) => self.update(object, pointer, None),
            ("update", Some(Place::Record(target))) => self.update(object, pointer, Some(target)),
            ("remove", Some(Place::Record(target))) => {
                self.allow(target.resource.actions.delete, "delete", pointer)?;
                Some(Action::Remove(target))
            }
            ("add", Some(Place::Relationship(target, relation))) if relation.is_many() => {
                self.relate(object, pointer, target, relation, Change::Add)
            }
            ("remove", Some(Place::Relationship(target, relation))) if relation.is_many() => {
                self.relate(object, pointer, target, relation, Change::Remove)
            }
            ("update", Some(Place::Relationship(target, relation))) => {
                self.relate(object, pointer, target, relation, Change::Replace)
            }
            ("add" | "update" | "remove", place) => {
                let what = match place {
                    None => "nothing: it should have a 'ref' or 'href'",
                    Some(Place::Collection(_)) => "a collection",
                    Some(Place::Record(_)) => "a record",
                    Some(Place::Relationship(..)) => "a relationship to one record, which can only be updated",
                };
                let op = object.get("op").and_then(Json::as_str).unwrap_or_default();
                self.refuse(Error::request_data(format!("The operation \"{op}\" cannot be used on {what}")).at(pointer))
            }
            _ => {
                let error = Error::request_data("The 'op' property should be \"add\", \"update\" or \"remove\"");
                self.refuse(error.at(format!("{pointer}/op")))
            }
        }
    }

    fn allow(&mut self, allowed: bool, action: &str, pointer: &str) -> Option<()> {
        if allowed {
            return Some(());
        }
        let detail = format!("The \"{action}\" action is not allowed.");
        self.refuse(Error::new(&OPERATION_NOT_ALLOWED, detail).at(pointer))
    }

    /// The object of `ref`: type, `id` or `lid`, and a relationship where that is meant.
    fn reference(&mut self, reference: &Json, pointer: &str) -> Option<Place> {
        let Json::Object(object) = reference else {
            return self.refuse(Error::request_data("The 'ref' property should be an object").at(pointer));
        };
        let resource = self.resource(object, pointer)?;
        let name = self.name(object, resource, pointer)?;
        let target = Target { resource, name };
        if !object.contains_key("relationship") {
            return Some(Place::Record(target));
        }
        let relationship = self.text_property(object, "relationship", pointer)?;
        match resource.relation(&relationship).filter(|relation| relation.routes && !relation.hidden) {
            Some(relation) => Some(Place::Relationship(target, relation)),
            None => self.refuse(Error::unsupported_subresource().at(format!("{pointer}/relationship"))),
        }
    }

    fn resource(&mut self, object: &Map<String, Json>, pointer: &str) -> Option<&'static Resource> {
        let name = self.text_property(object, "type", pointer)?;
        match self.registry.get(&name).filter(|resource| !resource.singleton) {
            Some(resource) => Some(resource),
            None => self.refuse(Error::unknown_type(&name).at(format!("{pointer}/type"))),
        }
    }

    fn name(&mut self, object: &Map<String, Json>, resource: &'static Resource, pointer: &str) -> Option<Name> {
        if object.contains_key("lid") && !object.contains_key("id") {
            return self.text_property(object, "lid", pointer).map(Name::Lid);
        }
        let id = self.text_property(object, "id", pointer)?;
        match Key::parse(resource.id.kind, &id) {
            Ok(key) => Some(Name::Id(key)),
            Err(error) => self.refuse(error.at(format!("{pointer}/id"))),
        }
    }

    /// The resource object of an operation and its type.
    fn data<'o>(
        &mut self,
        operation: &'o Map<String, Json>,
        pointer: &str,
    ) -> Option<(&'o Map<String, Json>, &'static Resource)> {
        let place = format!("{pointer}/data");
        let Some(Json::Object(object)) = operation.get("data") else {
            return self.refuse(Error::request_data("The 'data' property should be a resource object").at(place));
        };
        let resource = self.resource(object, &place)?;
        Some((object, resource))
    }

    fn add(
        &mut self,
        operation: &Map<String, Json>,
        pointer: &str,
        collection: Option<&'static Resource>,
    ) -> Option<Action> {
        let (object, resource) = self.data(operation, pointer)?;
        let place = format!("{pointer}/data");
        if collection.is_some_and(|collection| collection != resource) {
            return self.refuse(mismatch("type", &place));
        }
        self.allow(resource.actions.create, "create", pointer)?;
        let label = self.label(object, &place);
        Some(Action::Add(self.resource_object(object, resource, label, place)))
    }

    fn update(&mut self, operation: &Map<String, Json>, pointer: &str, target: Option<Target>) -> Option<Action> {
        let (object, resource) = self.data(operation, pointer)?;
        let place = format!("{pointer}/data");
        let named = object.contains_key("id") || object.contains_key("lid");
        let target = match target {
            None => Target { resource, name: self.name(object, resource, &place)? },
            Some(target) if target.resource != resource => return self.refuse(mismatch("type", &place)),
            Some(target) if named && self.name(object, resource, &place)? != target.name => {
                return self.refuse(mismatch("id", &place));
            }
            Some(target) => target,
        };
        self.allow(resource.actions.update, "update", pointer)?;
        let label = self.label(object, &place);
        let object = self.resource_object(object, resource, label, place);
        Some(Action::Update(target, object))
    }

    fn relate(
        &mut self,
        operation: &Map<String, Json>,
        pointer: &str,
        target: Target,
        relation: &'static Relation,
        change: Change,
    ) -> Option<Action> {
        let action = match change {
            Change::Add => "add_relationship",
            Change::Remove => "delete_relationship",
            Change::Replace => "update_relationship",
        };
        self.allow(relation.relationship_writes && target.resource.actions.update, action, pointer)?;
        let place = format!("{pointer}/data");
        let Some(data) = operation.get("data") else {
            return self.refuse(Error::request_data("The 'data' property is required").at(place));
        };
        let linkage = linkage(data, relation.is_many(), &place, &mut self.errors)?;
        Some(Action::Relate { target, relation, change, linkage })
    }
}

/// The data of an operation is about something else than its target.
fn mismatch(name: &str, place: &str) -> Error {
    let detail = format!("The '{name}' property of the data should match the target of the operation");
    Error::conflict(detail).at(format!("{place}/{name}"))
}
