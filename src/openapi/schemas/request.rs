//! The bodies of creates and updates.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, RefBuilder};
use utoipa::openapi::{RefOr, Schema};

use super::super::schema_ref;
use super::{Face, attribute, boolean, described, id, member, object, relations, string, word};
use crate::engine::field::{Access, Field};
use crate::engine::registry::Registry;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::Resource;

pub fn create(registry: &Registry, resource: &'static Resource) -> RefOr<Schema> {
    body(registry, resource, Write::Create)
}

pub fn update(registry: &Registry, resource: &'static Resource) -> RefOr<Schema> {
    body(registry, resource, Write::Update)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Update,
}

impl Write {
    fn takes(self, access: Access) -> bool {
        match access {
            Access::Writable | Access::WriteOnly => true,
            Access::CreateOnly | Access::WriteOnce => self == Write::Create,
            Access::ReadOnly | Access::Hidden => false,
        }
    }
}

fn body(registry: &Registry, resource: &'static Resource, write: Write) -> RefOr<Schema> {
    let creates = write == Write::Create;
    let mut data = object().property("type", word(&[resource.name])).required("type");
    data = match (creates, resource.id.kind.is_assigned()) {
        (true, false) => data.property("id", described(string(), "A label for this record within the request.")),
        _ => data.property("id", id(resource)).required("id"),
    };

    let mut attributes = object();
    let mut any = false;
    for field in resource.fields.iter().filter(|field| write.takes(field.access)) {
        any = true;
        attributes = attributes.property(field.name, attribute(field, Face::Request));
        if creates && is_required(field) {
            attributes = attributes.required(field.name);
        }
    }
    if creates && resource.fields.iter().any(|field| write.takes(field.access) && is_required(field)) {
        data = data.required("attributes");
    }
    if any {
        data = data.property("attributes", attributes);
    }

    let mut relationships = object();
    let mut any = false;
    let mut required = false;
    for relation in relations(registry, resource).filter(|relation| write.takes(relation.access)) {
        any = true;
        relationships = relationships.property(relation.name, member(resource, relation, Face::Request));
        if creates && relation.required > 0 && !is_filled(resource, relation) {
            required = true;
            relationships = relationships.required(relation.name);
        }
    }
    if required {
        data = data.required("relationships");
    }
    if any {
        data = data.property("relationships", relationships);
    }

    if let Some(meta) = options(resource, write) {
        data = data.property("meta", meta);
    }
    let about = if creates {
        "Members that are kept by the server are accepted and ignored; unknown ones are refused."
    } else {
        "Only what is stated changes. A to-many relationship that is stated is replaced as a whole; null clears."
    };
    object()
        .description(Some(about))
        .property("data", data)
        .property("included", ArrayBuilder::new().items(schema_ref("included_item")))
        .required("data")
        .into()
}

/// Whether the relationship says whose a new record is: where it is not stated, that is the caller.
fn is_filled(resource: &Resource, relation: &Relation) -> bool {
    let owners = || resource.ownership.columns();
    matches!(relation.link, Link::ToOne { column, .. } if owners().any(|owner| owner == column))
}

fn options(resource: &Resource, write: Write) -> Option<ObjectBuilder> {
    let keys: Vec<String> =
        resource.unique.iter().filter(|key| key.upsert).map(|key| format!("`{:?}`", key.members)).collect();
    let by_id = resource.id.kind.is_assigned();
    let mut meta = object();
    let mut any = false;
    if by_id || (write == Write::Create && !keys.is_empty()) {
        any = true;
        let mut ways = Vec::new();
        if by_id {
            ways.push("`true`".to_owned());
        }
        if write == Write::Create {
            ways.extend(keys);
        }
        let reference = RefBuilder::new()
            .ref_location_from_schema_name("upsert")
            .description(Some(format!("Possible here: {}.", ways.join(", "))));
        meta = meta.property("upsert", reference);
    }
    if resource.validatable {
        any = true;
        meta = meta.property("validate", boolean().description(Some("Answer as usual, but keep nothing.")));
    }
    any.then_some(meta)
}

/// Whether a create must state the field.
pub fn is_required(field: &Field) -> bool {
    field.required && field.default.is_none()
}
