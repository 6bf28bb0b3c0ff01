//! Examples of request bodies: the smallest valid create and a small update of each resource, from its descriptor.
//!
//! A create states the required members and those whose descriptor gives an example. Required parts (the names of a
//! product) are created with it, under `included`.

use serde_json::{Map, Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{Components, RefOr};

use super::schemas::is_required;
use crate::engine::command::Command;
use crate::engine::field::{Access, Field};
use crate::engine::kind::Kind;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{Ownership, Resource};

/// Parts of parts are followed so far.
const DEPTH: usize = 4;

/// The examples of one resource: `products_create`, `products_update`.
pub fn of_resource(components: &mut Components, resource: &'static Resource) {
    let mut add = |name: String, summary: &str, value: Value| {
        let example = ExampleBuilder::new().summary(summary).value(Some(value)).build();
        components.examples.insert(name, RefOr::T(example));
    };
    if resource.actions.create {
        add(format!("{}_create", resource.name), "The required members", create(resource));
    }
    if resource.actions.update {
        add(format!("{}_update", resource.name), "One member", update(resource));
    }
}

/// The body of a create. Records it points at have the ids that their descriptors give for examples.
pub fn create(resource: &'static Resource) -> Value {
    let mut included = Vec::new();
    let data = record(resource, None, None, &mut included, 0);
    let mut document = Map::new();
    document.insert("data".to_owned(), data);
    if !included.is_empty() {
        document.insert("included".to_owned(), Value::Array(included));
    }
    Value::Object(document)
}

/// The body of an update of the record with the example's id.
pub fn update(resource: &'static Resource) -> Value {
    let mut data = Map::new();
    data.insert("type".to_owned(), json!(resource.name));
    data.insert("id".to_owned(), json!(resource.example_id));
    let writable = |field: &&Field| matches!(field.access, Access::Writable) && field.kind != Kind::Password;
    let field = resource.fields.iter().filter(writable).max_by_key(|field| (field.required, field.example.is_some()));
    if let Some(field) = field {
        data.insert("attributes".to_owned(), json!({field.name: value(field)}));
    } else if let Some(relation) = resource.visible_relations().find(|relation| relation.access == Access::Writable) {
        data.insert("relationships".to_owned(), json!({relation.name: {"data": linkage(relation)}}));
    }
    json!({"data": data})
}

/// The `meta` of a command's request: what it needs.
pub fn command(command: &Command) -> Value {
    let needed = command.takes.iter().filter(|field| field.required);
    Value::Object(needed.map(|field| (field.name.to_owned(), value(field))).collect())
}

/// The `data` of a relationship that points at the example's record.
pub fn linkage(relation: &Relation) -> Value {
    let one = json!({"type": relation.target.name, "id": relation.target.example_id});
    if relation.is_many() { json!([one]) } else { one }
}

/// A new record. `label` names it within the request; `parent` is the resource it is a part of, which links it.
fn record(
    resource: &'static Resource,
    label: Option<&str>,
    parent: Option<&'static Resource>,
    included: &mut Vec<Value>,
    depth: usize,
) -> Value {
    let mut data = Map::new();
    data.insert("type".to_owned(), json!(resource.name));
    if let Some(label) = label {
        data.insert("id".to_owned(), json!(label));
    } else if resource.id.kind.is_assigned() {
        data.insert("id".to_owned(), json!("example"));
    }
    let settable = |access: Access| !matches!(access, Access::ReadOnly | Access::Hidden);
    let attributes: Map<String, Value> = resource
        .fields
        .iter()
        .filter(|field| settable(field.access) && (is_required(field) || field.example.is_some()))
        .map(|field| (field.name.to_owned(), value(field)))
        .collect();
    if !attributes.is_empty() {
        data.insert("attributes".to_owned(), Value::Object(attributes));
    }
    let mut relationships = Map::new();
    for relation in resource.visible_relations() {
        let stated = relation.required > 0 || relation.example;
        if !settable(relation.access) || !stated || parent == Some(relation.target) {
            continue;
        }
        let data = if is_part(resource, relation) && depth < DEPTH {
            let label = format!("{}-1", relation.name);
            let part = record(relation.target, Some(&label), Some(resource), included, depth + 1);
            let known = included.iter().any(|item| item["type"] == part["type"] && item["id"] == part["id"]);
            if !known {
                included.push(part);
            }
            let identifier = json!({"type": relation.target.name, "id": label});
            if relation.is_many() { json!([identifier]) } else { identifier }
        } else {
            linkage(relation)
        };
        relationships.insert(relation.name.to_owned(), json!({"data": data}));
    }
    if !relationships.is_empty() {
        data.insert("relationships".to_owned(), Value::Object(relationships));
    }
    Value::Object(data)
}

/// Whether the target is created with the record rather than pointed at.
fn is_part(resource: &Resource, relation: &Relation) -> bool {
    if relation.cascade {
        return true;
    }
    let points_back = relation
        .target
        .relations
        .iter()
        .any(|back| back.target == resource && back.required > 0 && matches!(back.link, Link::ToOne { .. }));
    points_back && matches!(relation.target.ownership, Ownership::Part(_))
}

/// A valid value of the field, as it is on the wire.
fn value(field: &Field) -> Value {
    if let Some(text) = field.example {
        return match field.kind {
            Kind::Integer
            | Kind::Float
            | Kind::Percent
            | Kind::Percent100
            | Kind::Boolean
            | Kind::TextList
            | Kind::Array
            | Kind::Objects(_)
            | Kind::Json => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        };
    }
    match field.kind {
        Kind::Text | Kind::LongText if field.email => json!("name@example.com"),
        Kind::Text | Kind::LongText => {
            let max = field.max.map_or(usize::MAX, |max| max as usize);
            json!("Example".chars().take(max).collect::<String>())
        }
        Kind::Integer | Kind::Float => json!(1),
        Kind::BigInt | Kind::Decimal => json!("1"),
        Kind::Money => json!("10.0000"),
        Kind::Percent | Kind::Percent100 => json!(0.5),
        Kind::Boolean => json!(true),
        Kind::Date => json!("2026-01-31"),
        Kind::DateTime => json!("2026-01-31T12:00:00Z"),
        Kind::Uuid => json!("0197f2f0-5c1e-7c3a-9d57-1f5e0f6a2b11"),
        Kind::Currency => json!("USD"),
        Kind::Enum(words) => json!(words.first()),
        Kind::TextList => json!(["Example"]),
        Kind::Array | Kind::Objects(_) => json!([]),
        Kind::Json => json!({}),
        Kind::Base64 => json!("RXhhbXBsZQ=="),
        Kind::Password | Kind::Secret => json!("correct horse battery staple"),
    }
}
