//! Request bodies: bytes → [`Document`] or the contract's structural errors (section 12). Pure.
//!
//! Nothing is looked up here. Types are resolved against the registry, ids stay labels, attributes stay JSON.

pub mod atomic;
pub mod item;
pub mod shape;

use serde_json::{Map, Value as Json};

use super::registry::Registry;
use super::resource::Resource;
use crate::error::{ENTITY_TYPE, Error, Errors, MALFORMED_JSON};

/// The body of a create or update.
#[derive(Debug)]
pub struct Document {
    pub data: ResourceObject,
    pub included: Vec<ResourceObject>,
}

/// One resource object as it was sent.
#[derive(Debug)]
pub struct ResourceObject {
    /// `/data` or `/included/N`.
    pub pointer: String,
    pub resource: &'static Resource,
    /// `id`, else `lid`.
    pub id: Option<String>,
    /// Whether it is a `lid`.
    pub local: bool,
    pub attributes: Map<String, Json>,
    pub relationships: Vec<(String, Identifiers)>,
    pub options: Options,
}

/// The linkage of a relationship as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifiers {
    One(Option<Identifier>),
    Many(Vec<Identifier>),
}

impl Identifiers {
    /// Every record named.
    pub fn as_slice(&self) -> &[Identifier] {
        match self {
            Identifiers::One(one) => one.as_slice(),
            Identifiers::Many(list) => list,
        }
    }
}

/// A resource identifier object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    pub type_name: String,
    /// `id`, else `lid`.
    pub id: String,
    /// Whether it is a `lid`, which names a record of the same request.
    pub local: bool,
}

/// The options in a resource object's `meta`. At most one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub update: bool,
    pub upsert: Option<Upsert>,
    pub validate: bool,
}

/// What an upsert finds its record by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upsert {
    Id,
    Members(Vec<String>),
}

/// Parses the body of a create or update of `resource`; on update, `id` is the one in the URL.
pub fn parse(
    body: &[u8],
    registry: &Registry,
    resource: &'static Resource,
    id: Option<&str>,
) -> Result<Document, Errors> {
    let root = parse_object(body)?;
    let mut reader = Reader { registry, errors: Vec::new() };
    let data = reader.primary(&root, resource, id);
    let included = reader.included(root.get("included"));
    match data {
        Some(data) if reader.errors.is_empty() => Ok(Document { data, included }),
        _ => Err(Errors(reader.errors)),
    }
}

/// Parses the body of a command: nothing, or an object with `meta` alone.
pub fn parse_meta(body: &[u8]) -> Result<Map<String, Json>, Errors> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let mut root = parse_object(body)?;
    let meta = root.remove("meta");
    root.remove("jsonapi");
    if let Some((name, _)) = root.iter().next() {
        let detail = format!("The '{name}' property is not allowed for a command");
        return Err(Error::request_data(detail).at(format!("/{name}")).into());
    }
    match meta {
        None => Ok(Map::new()),
        Some(Json::Object(meta)) => Ok(meta),
        Some(_) => {
            let detail = "The 'meta' property should be an associative array";
            Err(Error::request_data(detail).at("/meta").into())
        }
    }
}

/// Parses the body of a relationship route.
pub fn parse_relationship(body: &[u8], many: bool) -> Result<Identifiers, Errors> {
    let root = parse_object(body)?;
    let Some(data) = root.get("data") else {
        return Err(Error::request_data("The \"data\" top-level section should exist").at("/data").into());
    };
    let mut errors = Vec::new();
    let linkage = linkage(data, many, "/data", &mut errors);
    Errors::check(errors)?;
    Ok(linkage.unwrap_or(Identifiers::One(None)))
}

/// The linkage of a to-many or a to-one.
fn linkage(data: &Json, many: bool, pointer: &str, errors: &mut Vec<Error>) -> Option<Identifiers> {
    let detail = match (data, many) {
        (Json::Array(_), true) | (Json::Null | Json::Object(_), false) => return identifiers(data, pointer, errors),
        (_, true) => "The list of resource identifier objects should be an array",
        (_, false) => "The resource identifier object should be NULL or an object",
    };
    errors.push(Error::request_data(detail).at(pointer));
    None
}

fn parse_object(body: &[u8]) -> Result<Map<String, Json>, Errors> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::request_data("The request data should not be empty.").into());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(root)) if root.is_empty() => {
            Err(Error::request_data("The request data should not be empty.").into())
        }
        Ok(Json::Object(root)) => Ok(root),
        Ok(_) => Err(Error::request_data("The request data should be an object with a \"data\" member.").into()),
        Err(error) => Err(Error::new(&MALFORMED_JSON, format!("Invalid json message received. {error}.")).into()),
    }
}

struct Reader<'a> {
    registry: &'a Registry,
    errors: Vec<Error>,
}

impl Reader<'_> {
    fn primary(
        &mut self,
        root: &Map<String, Json>,
        resource: &'static Resource,
        id: Option<&str>,
    ) -> Option<ResourceObject> {
        let fail = |text: &str| Error::request_data(text).at("/data");
        let object = match root.get("data") {
            None => return self.refuse(fail("The primary data object should exist")),
            Some(Json::Null) => return self.refuse(fail("The primary data object should not be empty")),
            Some(Json::Object(object)) if object.is_empty() => {
                return self.refuse(fail("The primary data object should not be empty"));
            }
            Some(Json::Object(object)) => object,
            Some(_) => return self.refuse(fail("The primary resource object should be an object")),
        };
        let type_name = self.text_property(object, "type", "/data")?;
        if type_name != resource.name {
            let detail = "The 'type' property of the primary data object should match the requested resource";
            self.errors.push(Error::conflict(detail).at("/data/type"));
            return None;
        }
        let label = self.label(object, "/data");
        if let Some(id) = id {
            match &label {
                None => self.errors.push(Error::request_data("The 'id' property is required").at("/data/id")),
                Some(label) if label != id => {
                    let detail =
                        "The 'id' property of the primary data object should match 'id' parameter of the query sting";
                    self.errors.push(Error::conflict(detail).at("/data/id"));
                }
                Some(_) => {}
            }
        }
        let object = self.resource_object(object, resource, label, "/data".to_owned());
        if object.options.update {
            self.errors.push(Error::value("The option is not supported.").at("/data/meta/update"));
        }
        Some(object)
    }

    fn included(&mut self, included: Option<&Json>) -> Vec<ResourceObject> {
        let list = match included {
            None => return Vec::new(),
            Some(Json::Array(list)) => list,
            Some(_) => {
                self.errors.push(Error::request_data("The 'included' property should be an array").at("/included"));
                return Vec::new();
            }
        };
        list.iter().enumerate().filter_map(|(index, item)| self.included_item(index, item)).collect()
    }

    fn included_item(&mut self, index: usize, item: &Json) -> Option<ResourceObject> {
        let pointer = format!("/included/{index}");
        let Json::Object(object) = item else {
            return self.refuse(Error::request_data("The related resource should be an object").at(pointer));
        };
        let type_name = self.text_property(object, "type", &pointer);
        let label = self.label(object, &pointer);
        if label.is_none() {
            self.errors.push(Error::request_data("The 'id' property is required").at(format!("{pointer}/id")));
        }
        let type_name = type_name?;
        let Some(resource) = self.registry.get(&type_name) else {
            let error = Error::new(&ENTITY_TYPE, format!("Unknown entity type: {type_name}."));
            return self.refuse(error.at(format!("{pointer}/type")));
        };
        let object = self.resource_object(object, resource, label, pointer);
        if object.options.validate {
            let pointer = format!("{}/meta/validate", object.pointer);
            self.errors.push(Error::value("The option is not supported.").at(pointer));
        }
        Some(object)
    }

    fn refuse<T>(&mut self, error: Error) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn resource_object(
        &mut self,
        object: &Map<String, Json>,
        resource: &'static Resource,
        id: Option<String>,
        pointer: String,
    ) -> ResourceObject {
        for name in object.keys() {
            let known =
                matches!(name.as_str(), "type" | "id" | "lid" | "attributes" | "relationships" | "meta" | "links");
            if !known && !name.starts_with('@') {
                let detail = format!("The '{name}' property is not allowed for a resource object");
                self.errors.push(Error::request_data(detail).at(format!("{pointer}/{name}")));
            }
        }
        let mut attributes = self.object_property(object, "attributes", &pointer);
        attributes.retain(|name, _| !name.starts_with('@'));
        let relationships = self.relationships(object, &pointer);
        let options = self.options(object, &pointer);
        let local = !object.contains_key("id");
        ResourceObject { pointer, resource, id, local, attributes, relationships, options }
    }

    /// An optional member that has to be an object.
    fn object_property(&mut self, object: &Map<String, Json>, name: &str, pointer: &str) -> Map<String, Json> {
        match object.get(name) {
            None => Map::new(),
            Some(Json::Object(members)) => members.clone(),
            Some(other) => {
                let wrong = match other {
                    Json::Null => "not be null",
                    Json::Array(_) => "be an associative array",
                    _ => "be an array",
                };
                let detail = format!("The '{name}' property should {wrong}");
                self.errors.push(Error::request_data(detail).at(format!("{pointer}/{name}")));
                Map::new()
            }
        }
    }

    fn relationships(&mut self, object: &Map<String, Json>, pointer: &str) -> Vec<(String, Identifiers)> {
        let mut relationships = Vec::new();
        for (name, relationship) in self.object_property(object, "relationships", pointer) {
            if name.starts_with('@') {
                continue;
            }
            let place = format!("{pointer}/relationships/{name}");
            match relationship {
                Json::Object(members) => match members.get("data") {
                    Some(data) => {
                        let found = identifiers(data, &format!("{place}/data"), &mut self.errors);
                        relationships.extend(found.map(|found| (name, found)));
                    }
                    None => {
                        self.errors.push(Error::request_data("The relationship should have 'data' property").at(place));
                    }
                },
                _ => self.errors.push(Error::request_data("The relationship should have 'data' property").at(place)),
            }
        }
        relationships
    }

    fn options(&mut self, object: &Map<String, Json>, pointer: &str) -> Options {
        let meta = self.object_property(object, "meta", pointer);
        let mut options = Options::default();
        for (name, flag) in [("update", &mut options.update), ("validate", &mut options.validate)] {
            match meta.get(name) {
                None => {}
                Some(Json::Bool(value)) => *flag = *value,
                Some(_) => self
                    .errors
                    .push(Error::value("This value should be a boolean.").at(format!("{pointer}/meta/{name}"))),
            }
        }
        options.upsert = match meta.get("upsert") {
            None | Some(Json::Bool(false)) => None,
            Some(Json::Bool(true)) => Some(Upsert::Id),
            Some(Json::Array(list)) if !list.is_empty() && list.iter().all(Json::is_string) => {
                let members: Vec<String> = list.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                Some(if members == ["id"] { Upsert::Id } else { Upsert::Members(members) })
            }
            Some(_) => {
                let detail = "This value should be a boolean or an array of strings.";
                self.errors.push(Error::value(detail).at(format!("{pointer}/meta/upsert")));
                None
            }
        };
        if [options.update, options.upsert.is_some(), options.validate].iter().filter(|set| **set).count() > 1 {
            self.errors.push(Error::request_data("Only one meta option can be used.").at(format!("{pointer}/meta")));
        }
        options
    }

    fn label(&mut self, object: &Map<String, Json>, pointer: &str) -> Option<String> {
        let name = if object.contains_key("id") { "id" } else { "lid" };
        object.get(name)?;
        self.text_property(object, name, pointer)
    }

    fn text_property(&mut self, object: &Map<String, Json>, name: &str, pointer: &str) -> Option<String> {
        text_property(object, name, pointer, &mut self.errors)
    }
}

/// A member that has to be a string with something in it.
fn text_property(object: &Map<String, Json>, name: &str, pointer: &str, errors: &mut Vec<Error>) -> Option<String> {
    let wrong = match object.get(name) {
        Some(Json::String(text)) if !text.trim().is_empty() => return Some(text.clone()),
        Some(Json::String(_)) => "should not be blank",
        Some(Json::Null) => "should not be null",
        Some(_) => "should be a string",
        None => "is required",
    };
    errors.push(Error::request_data(format!("The '{name}' property {wrong}")).at(format!("{pointer}/{name}")));
    None
}

fn identifiers(data: &Json, pointer: &str, errors: &mut Vec<Error>) -> Option<Identifiers> {
    match data {
        Json::Null => Some(Identifiers::One(None)),
        Json::Object(_) => identifier(data, pointer, errors).map(|one| Identifiers::One(Some(one))),
        Json::Array(list) => {
            let many: Vec<Option<Identifier>> = list
                .iter()
                .enumerate()
                .map(|(index, item)| identifier(item, &format!("{pointer}/{index}"), errors))
                .collect();
            many.into_iter().collect::<Option<Vec<_>>>().map(Identifiers::Many)
        }
        _ => {
            errors.push(Error::request_data("The related resource should be an object").at(pointer));
            None
        }
    }
}

fn identifier(item: &Json, pointer: &str, errors: &mut Vec<Error>) -> Option<Identifier> {
    let Json::Object(object) = item else {
        errors.push(Error::request_data("The related resource should be an object").at(pointer));
        return None;
    };
    let type_name = text_property(object, "type", pointer, errors);
    let local = object.contains_key("lid") && !object.contains_key("id");
    let id = text_property(object, if local { "lid" } else { "id" }, pointer, errors);
    Some(Identifier { type_name: type_name?, id: id?, local })
}
