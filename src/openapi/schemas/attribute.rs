//! A field as a schema.

use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};

use super::{Face, object, string};
use crate::engine::field::{Access, Field};
use crate::engine::kind::Kind;

/// A field as the contract has it on the wire (section 22).
pub fn attribute(field: &Field, face: Face) -> RefOr<Schema> {
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
        Kind::Password | Kind::Secret => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))),
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
