//! Schemas: what is shared by all resources, and for each resource its object, documents, bodies and linkages.
//!
//! For `products`: `products` (the resource object), `products_identifier`, `products_document`, `products_list`,
//! `products_create`, `products_update`, and, as a target of relationships, `products_to_one` and `products_to_many`.

use serde_json::json;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Components, KnownFormat, RefOr, Schema};

use super::schema_ref;
use crate::engine::external;
use crate::engine::field::{Access, Field};
use crate::engine::kind::Kind;
use crate::engine::registry::Registry;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Resource};
use crate::error::CODES;

/// What every document uses.
pub fn shared(components: &mut Components, registry: &Registry) {
    let mut add = |name: &str, schema: RefOr<Schema>| {
        components.schemas.insert(name.to_owned(), schema);
    };
    add("null", ObjectBuilder::new().schema_type(Type::Null).into());
    add(
        "jsonapi",
        object()
            .property("version", word(&["1.1"]))
            .required("version")
            .description(Some("The version of JSON:API."))
            .into(),
    );
    add(
        "links",
        object()
            .description(Some("Absolute URLs. Absent with `X-Include: noHateoas`."))
            .property("self", url())
            .property("related", url())
            .into(),
    );
    add(
        "page_links",
        object()
            .description(Some("Absolute URLs of this list and of its pages; a page that does not exist has no link."))
            .property("self", url())
            .property("related", url())
            .property("first", url())
            .property("prev", url())
            .property("next", url())
            .into(),
    );
    add(
        "resource_meta",
        object()
            .property("title", described(string(), "The record in words; with `meta=title`."))
            .property("includeId", described(string(), "The label that the request gave to a record it included."))
            .property(
                "page",
                object().property("cursor", described(string(), "This record's place in the list; in cursor mode.")),
            )
            .into(),
    );
    add(
        "list_meta",
        object()
            .property(
                "page",
                object().property(
                    "total",
                    integer().description(Some("The number of records that match; with `X-Include: totalCount`.")),
                ),
            )
            .into(),
    );
    let types: Vec<&str> = registry.resources.iter().map(|resource| resource.name).collect();
    add("type", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(types)).into());
    add(
        "included_resource",
        object()
            .description(Some("A related resource object; its schema is the one named as its type."))
            .property("type", schema_ref("type"))
            .property("id", string())
            .property("meta", schema_ref("resource_meta"))
            .property("links", schema_ref("links"))
            .property("attributes", object())
            .property("relationships", object())
            .required("type")
            .required("id")
            .into(),
    );
    add(
        "included_item",
        object()
            .description(Some(
                "A record created, or with `meta.update` changed, in the same request. Its members are those of the \
                 create or update body of its type. It must be linked with the primary record by a relationship that \
                 the request states.",
            ))
            .property("type", schema_ref("type"))
            .property("id", described(string(), "The record's id, or for a new one any label unique in the request."))
            .property("meta", object().property("update", boolean()).property("upsert", schema_ref("upsert")))
            .property("attributes", object())
            .property("relationships", object())
            .required("type")
            .required("id")
            .into(),
    );
    add(
        "upsert",
        AnyOfBuilder::new()
            .description(Some(
                "Update the record if it exists, else create it: `true` or `[\"id\"]` finds it by its id, a list of \
                 names by the values that the request gives these members.",
            ))
            .item(boolean())
            .item(ArrayBuilder::new().items(string()).min_items(Some(1)))
            .into(),
    );
    add(
        "empty_document",
        object()
            .description(Some("The answer where a to-one relationship is empty."))
            .property("jsonapi", schema_ref("jsonapi"))
            .property("links", schema_ref("links"))
            .property("data", schema_ref("null"))
            .required("data")
            .into(),
    );
    add("errors", errors());
}

fn errors() -> RefOr<Schema> {
    let codes: Vec<&str> = CODES.iter().map(|code| code.name).collect();
    let error = object()
        .property("id", described(string(), "The id of the request, also in the header `X-Request-ID`."))
        .property("status", described(string().pattern(Some("^[45][0-9][0-9]$")), "The HTTP status of this error."))
        .property("code", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)))
        .property("title", described(string(), "The kind of error, as OroCommerce names it."))
        .property("detail", described(string(), "What was wrong, and what would be right."))
        .property(
            "source",
            object()
                .property("pointer", described(string(), "A JSON pointer into the request's body."))
                .property("parameter", described(string(), "The query parameter, as it was sent."))
                .property("header", string()),
        )
        .required("status")
        .required("code")
        .required("title");
    object()
        .property("jsonapi", schema_ref("jsonapi"))
        .property("errors", ArrayBuilder::new().items(error).min_items(Some(1)))
        .required("errors")
        .into()
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
        add("_create", body(registry, resource, Write::Create));
    }
    if resource.actions.update {
        add("_update", body(registry, resource, Write::Update));
    }
    let linkage = OneOfBuilder::new().item(schema_ref(format!("{name}_identifier"))).item(schema_ref("null"));
    add("_to_one", relationship(linkage.into()).into());
    let linkages = ArrayBuilder::new().items(schema_ref(format!("{name}_identifier")));
    add("_to_many", relationship(linkages.into()).into());
    for relation in resource.visible_relations() {
        if relation.is_polymorphic() {
            let any = targets(registry, relation)
                .fold(OneOfBuilder::new(), |any, target| any.item(schema_ref(format!("{}_identifier", target.name))));
            let (suffix, linkage): (_, RefOr<Schema>) = match relation.is_many() {
                true => ("to_many", ArrayBuilder::new().items(any).into()),
                false => ("to_one", any.item(schema_ref("null")).into()),
            };
            add(&format!("_{}_{suffix}", relation.name), relationship(linkage).into());
        }
    }
}

/// The schema of a relationship's member and of the documents of its relationship route.
pub fn relationship_schema(resource: &Resource, relation: &Relation) -> String {
    match relation.link {
        Link::Union { many: true, .. } => format!("{}_{}_to_many", resource.name, relation.name),
        Link::Polymorphic { .. } | Link::Union { .. } => format!("{}_{}_to_one", resource.name, relation.name),
        _ if relation.is_many() => format!("{}_to_many", relation.target.name),
        _ => format!("{}_to_one", relation.target.name),
    }
}

/// The resources of this registry that a relationship may point at.
pub fn targets(registry: &Registry, relation: &'static Relation) -> impl Iterator<Item = &'static Resource> {
    relation.targets().iter().copied().filter(|target| registry.get(target.name).is_some())
}

fn relationship(data: RefOr<Schema>) -> ObjectBuilder {
    object().property("links", schema_ref("links")).property("data", data).required("data")
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
        let number = described(integer(), "With `X-Integration-Type: ext_id`: the number, where `id` is another.");
        attributes = attributes.property(external::DB_ID, number.read_only(true));
    }
    let mut relationships = object();
    for relation in relations(registry, resource) {
        relationships = relationships.property(relation.name, member(resource, relation));
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

fn member(resource: &Resource, relation: &Relation) -> RefOr<Schema> {
    let name = relationship_schema(resource, relation);
    let reference = RefBuilder::new().ref_location_from_schema_name(name);
    match relation.about {
        "" => reference.into(),
        about => reference.description(Some(about)).into(),
    }
}

/// Type and id. In a request the id may be a label, so its form is left open.
fn identifier(resource: &Resource) -> RefOr<Schema> {
    object()
        .property("type", word(&[resource.name]))
        .property("id", string())
        .property("meta", object())
        .required("type")
        .required("id")
        .into()
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Update,
}

impl Write {
    fn takes(self, access: Access) -> bool {
        match access {
            Access::Writable | Access::WriteOnly => true,
            Access::CreateOnly => self == Write::Create,
            Access::ReadOnly => false,
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
        relationships = relationships.property(relation.name, member(resource, relation));
        if creates && relation.required > 0 {
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

fn is_shown(field: &Field) -> bool {
    field.access != Access::WriteOnly && field.kind != Kind::Password
}

/// The id as it is on the wire: always a string.
pub fn id(resource: &'static Resource) -> ObjectBuilder {
    if let Some(field) = external::candidates(resource).next() {
        let about = format!(
            "The number. With `X-Integration-Type: ext_id` it may be another unique value, such as `{}`, as the server \
             is configured.",
            field.name
        );
        return described(string(), &about);
    }
    let pattern = match resource.id.kind {
        IdKind::Integer => Some("^[0-9]+$"),
        IdKind::Text => None,
        IdKind::Guid { .. } => Some("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+$"),
    };
    string().pattern(pattern)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Answer,
    Request,
}

/// A field as the contract has it on the wire (section 22).
fn attribute(field: &Field, face: Face) -> RefOr<Schema> {
    let about = Some(field.about).filter(|about| !about.is_empty());
    let request = face == Face::Request;
    let types = |own: &[Type]| {
        let mut types = own.to_vec();
        if field.nullable {
            types.push(Type::Null);
        }
        match types.as_slice() {
            [single] => SchemaType::Type(single.clone()),
            _ => SchemaType::Array(types),
        }
    };
    let text = || typed(types(&[Type::String]));
    let exact = || if request { typed(types(&[Type::String, Type::Number])) } else { text() };
    let mut schema = match field.kind {
        Kind::Text => text().max_length(Some(field.max.unwrap_or(255) as usize)),
        Kind::LongText => text().max_length(field.max.map(|max| max as usize)),
        Kind::Integer => typed(types(&[Type::Integer])).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32))),
        Kind::BigInt if request => typed(types(&[Type::String, Type::Integer])),
        Kind::BigInt => text().pattern(Some("^-?[0-9]+$")),
        Kind::Float => typed(types(&[Type::Number])),
        Kind::Percent | Kind::Percent100 => typed(types(&[Type::Number])).description(Some("A fraction: 0.1 is 10 %.")),
        Kind::Decimal => exact().pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$")),
        Kind::Money if request => exact().pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$")),
        Kind::Money => exact().pattern(Some(r"^-?[0-9]+\.[0-9]{4}$")),
        Kind::Boolean => typed(types(&[Type::Boolean])),
        Kind::Date => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
        Kind::DateTime => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        Kind::Uuid => text().format(Some(SchemaFormat::Custom("uuid".to_owned()))),
        Kind::Currency => text().pattern(Some("^[A-Z]{3}$")).description(Some("An ISO 4217 code.")),
        Kind::Enum(words) => {
            let mut values: Vec<_> = words.iter().map(|word| json!(word)).collect();
            if field.nullable {
                values.push(json!(null));
            }
            text().enum_values(Some(values))
        }
        Kind::Json => typed(SchemaType::AnyValue),
        Kind::Base64 => text().content_encoding("base64"),
        Kind::Password => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))),
        Kind::TextList => return array(types(&[Type::Array]), string().into(), about),
        Kind::Array => return array(types(&[Type::Array]), typed(SchemaType::AnyValue).into(), about),
        Kind::Objects(members) => {
            let item =
                members.iter().fold(object(), |item, member| item.property(*member, typed(SchemaType::AnyValue)));
            return array(types(&[Type::Array]), item.into(), about);
        }
    };
    if field.email {
        schema = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)));
    }
    if about.is_some() {
        schema = schema.description(about);
    }
    if field.access == Access::ReadOnly {
        schema = schema.read_only(true);
    }
    schema.into()
}

fn array(types: SchemaType, items: RefOr<Schema>, about: Option<&str>) -> RefOr<Schema> {
    ArrayBuilder::new().schema_type(types).items(items).description(about).into()
}

fn typed(types: SchemaType) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(types)
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
