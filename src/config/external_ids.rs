//! By which ids of their own clients may name records.

use toml::Value;

use super::source::Source;
use crate::engine::external::ExternalId;

/// The resources that have one; products by their SKU unless said otherwise.
pub(super) fn read(source: &mut Source) -> Vec<ExternalId> {
    let allowed = "a list of resources, each with the field that is its id: [\"products.sku\"]";
    let by_sku = ExternalId { resource: "products".to_owned(), field: "sku".to_owned() };
    let list = |value: &Value| match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().and_then(parse)).collect(),
        Value::String(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(parse).collect(),
        _ => None,
    };
    let show = |ids: &Vec<ExternalId>| {
        let texts = ids.iter().map(|id| Value::String(format!("{}.{}", id.resource, id.field)));
        Some(Value::Array(texts.collect()).to_string())
    };
    source.read("api.ext_id_resources", vec![by_sku], allowed, list, show)
}

fn parse(text: &str) -> Option<ExternalId> {
    let (resource, field) = text.split_once('.')?;
    Some(ExternalId { resource: resource.to_owned(), field: field.to_owned() })
}
