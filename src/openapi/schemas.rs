//! Schemas: for each resource its object, documents, bodies and linkages.
//!
//! For `products`: `products` (the resource object), `products_identifier`, `products_document`, `products_list`,
//! `products_create`, `products_update`, and, as a target of relationships, `products_to_one` and `products_to_many` in
//! answers, `products_to_one_linkage` and `products_to_many_linkage` in requests.

mod attribute;
mod request;
mod shared;

use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{Components, RefOr, Schema};

pub use self::attribute::attribute;
use super::schema_ref;
use crate::engine::external;
use crate::engine::field::Field;
use crate::engine::kind::Kind;
use crate::engine::registry::Registry;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Resource};
use crate::storefront;

pub use self::request::is_required;
pub use self::shared::shared;

/// Which way a schema goes: what a client may send, or what it gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Answer,
    Request,
}

/// The schemas of one resource.
pub fn of_resource(components: &mut Components, registry: &Registry, resource: &'static Resource) {
    let name = resource.name;
    let mut add = |suffix: &str, schema: RefOr<Schema>| {
        components.schemas.insert(format!("{name}{suffix}"), schema);
    };
    add("", resource_object(registry, resource));
    add("_identifier", identifier(resource));
    add("_document", single(resource));
    add("_list", list(resource));
    if resource.actions.create {
        add("_create", request::create(registry, resource));
    }
    if resource.actions.update {
        add("_update", request::update(registry, resource));
    }
    let identifiers = |targets: &[&str]| {
        targets.iter().fold(OneOfBuilder::new(), |any, name| any.item(schema_ref(format!("{name}_identifier"))))
    };
    let one = |targets: &[&str]| identifiers(targets).item(schema_ref("null"));
    for face in [Face::Answer, Face::Request] {
        let suffix = suffix(face);
        let many = ArrayBuilder::new().items(schema_ref(format!("{name}_identifier")));
        add(&format!("_to_one{suffix}"), relationship(one(&[name]).into(), face));
        add(&format!("_to_many{suffix}"), relationship(many.into(), face));
        for relation in resource.visible_relations().filter(|relation| relation.is_polymorphic()) {
            let names: Vec<&str> = targets(registry, relation).map(|target| target.name).collect();
            let (kind, linkage): (_, RefOr<Schema>) = match relation.is_many() {
                true => ("to_many", ArrayBuilder::new().items(identifiers(&names)).into()),
                false => ("to_one", one(&names).into()),
            };
            add(&format!("_{}_{kind}{suffix}", relation.name), relationship(linkage, face));
        }
    }
}

/// The schema of a relationship's member and of the documents of its relationship route.
pub fn relationship_schema(resource: &Resource, relation: &Relation, face: Face) -> String {
    let suffix = suffix(face);
    match relation.link {
        Link::Union { many: true, .. } => format!("{}_{}_to_many{suffix}", resource.name, relation.name),
        Link::Polymorphic { .. } | Link::Union { .. } => format!("{}_{}_to_one{suffix}", resource.name, relation.name),
        _ if relation.is_many() => format!("{}_to_many{suffix}", relation.target.name),
        _ => format!("{}_to_one{suffix}", relation.target.name),
    }
}

/// The resources of this registry that a relationship may point at.
pub fn targets(registry: &Registry, relation: &'static Relation) -> impl Iterator<Item = &'static Resource> {
    relation.targets().iter().copied().filter(|target| registry.get(target.name).is_some())
}

fn suffix(face: Face) -> &'static str {
    match face {
        Face::Answer => "",
        Face::Request => "_linkage",
    }
}

/// A request states the linkage alone: whatever else an object has that was read before is not looked at.
fn relationship(data: RefOr<Schema>, face: Face) -> RefOr<Schema> {
    let schema = match face {
        Face::Answer => object().property("links", schema_ref("links")),
        Face::Request => object(),
    };
    schema.property("data", data).required("data").into()
}

/// The relationships that this registry shows: hidden ones and those to resources of the other API are left out.
pub fn relations(registry: &Registry, resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    resource.visible_relations().filter(|relation| registry.get(relation.target.name).is_some())
}

fn resource_object(registry: &Registry, resource: &'static Resource) -> RefOr<Schema> {
    let mut attributes = object();
    for field in resource.fields.iter().filter(|field| is_shown(field)) {
        attributes = attributes.property(field.name, attribute(field, Face::Answer));
    }
    if external::candidates(resource).next().is_some() {
        let (header, name) = match registry.name {
            "admin" => ("X-Integration-Type: ext_id", external::DB_ID),
            _ => ("X-Product-ID: sku", storefront::PRODUCT_ID),
        };
        let number = described(integer(), &format!("With `{header}`: the number, where `id` is another."));
        attributes = attributes.property(name, number.read_only(true));
    }
    let mut relationships = object();
    for relation in relations(registry, resource) {
        relationships = relationships.property(relation.name, member(resource, relation, Face::Answer));
    }
    let about = Some(resource.about).filter(|about| !about.is_empty());
    let mut schema = object()
        .description(about)
        .property("type", word(&[resource.name]))
        .property("id", id(resource))
        .property("meta", schema_ref("resource_meta"))
        .property("links", schema_ref("links"))
        .required("type")
        .required("id");
    if resource.fields.iter().any(is_shown) {
        schema = schema.property("attributes", attributes);
    }
    if relations(registry, resource).next().is_some() {
        schema = schema.property("relationships", relationships);
    }
    schema.into()
}

fn member(resource: &Resource, relation: &Relation, face: Face) -> RefOr<Schema> {
    let name = relationship_schema(resource, relation, face);
    let reference = RefBuilder::new().ref_location_from_schema_name(name);
    match relation.about {
        "" => reference.into(),
        about => reference.description(Some(about)).into(),
    }
}

/// Type and id. In a request the id may be a label, so its form is left open.
fn identifier(resource: &Resource) -> RefOr<Schema> {
    object().property("type", word(&[resource.name])).property("id", string()).required("type").required("id").into()
}

fn document(data: RefOr<Schema>, links: &str) -> ObjectBuilder {
    object()
        .property("jsonapi", schema_ref("jsonapi"))
        .property("links", schema_ref(links))
        .property("data", data)
        .property("included", ArrayBuilder::new().items(schema_ref("included_resource")))
        .required("data")
}

fn single(resource: &Resource) -> RefOr<Schema> {
    document(schema_ref(resource.name), "links").into()
}

fn list(resource: &Resource) -> RefOr<Schema> {
    document(ArrayBuilder::new().items(schema_ref(resource.name)).into(), "page_links")
        .property("meta", schema_ref("list_meta"))
        .into()
}

/// A page of records of several resources.
pub fn mixed_list(any: AnyOfBuilder) -> Schema {
    let document = document(ArrayBuilder::new().items(any).into(), "page_links");
    document.property("meta", schema_ref("list_meta")).build().into()
}

fn is_shown(field: &Field) -> bool {
    field.access.is_shown() && !matches!(field.kind, Kind::Password | Kind::Secret)
}

/// The id as it is on the wire: always a string.
pub fn id(resource: &'static Resource) -> ObjectBuilder {
    if let Some(field) = external::candidates(resource).next() {
        let about = format!(
            "The number; where a header asks for external ids, another unique value, such as `{}`.",
            field.name
        );
        return described(string(), &about);
    }
    let pattern = match resource.id.kind {
        IdKind::Integer => Some("^[0-9]+$"),
        IdKind::Text => None,
        IdKind::Uuid => Some("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
        IdKind::Guid { .. } => Some("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+$"),
    };
    string().pattern(pattern)
}

pub fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

pub fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

pub fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

fn url() -> ObjectBuilder {
    string().format(Some(SchemaFormat::Custom("uri".to_owned())))
}

pub fn word(words: &[&str]) -> ObjectBuilder {
    string().enum_values(Some(words.iter().copied()))
}

pub fn described(schema: ObjectBuilder, about: &str) -> ObjectBuilder {
    schema.description(Some(about))
}
