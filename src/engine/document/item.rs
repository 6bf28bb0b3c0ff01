//! The items of a batch, one at a time: a resource object of `data` or `included` → [`Item`] (contract 19). Pure.

use serde_json::{Map, Value as Json};

use super::{Reader, ResourceObject};
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::error::{ENTITY_TYPE, Error};

/// An item as it was read, and what is wrong with its form.
#[derive(Debug)]
pub struct Item {
    /// Its place in the whole body: `/data/3`, `/included/0`.
    pub pointer: String,
    /// What could be read of it: with errors too, so that what refers to it is known to refer to something broken.
    /// Never none without an error.
    pub object: Option<ResourceObject>,
    pub errors: Vec<Error>,
}

impl Item {
    /// Reads the item at `index` of `data`: a record of `resource`, with `meta.update` or `meta.upsert` or neither.
    pub fn primary(registry: &Registry, resource: &'static Resource, index: usize, item: &Json) -> Item {
        let pointer = format!("/data/{index}");
        let mut reader = Reader { registry, errors: Vec::new() };
        let object = reader.batched(resource, item, &pointer);
        Item { pointer, object, errors: reader.errors }
    }

    /// Reads the item at `index` of `included`.
    pub fn included(registry: &Registry, index: usize, item: &Json) -> Item {
        let mut reader = Reader { registry, errors: Vec::new() };
        let object = reader.included_item(index, item);
        Item { pointer: format!("/included/{index}"), object, errors: reader.errors }
    }
}

impl Reader<'_> {
    fn batched(&mut self, resource: &'static Resource, item: &Json, pointer: &str) -> Option<ResourceObject> {
        let object: &Map<String, Json> = match item {
            Json::Object(object) if object.is_empty() => {
                return self.refuse(Error::request_data("The primary data object should not be empty").at(pointer));
            }
            Json::Object(object) => object,
            _ => {
                return self.refuse(Error::request_data("The primary resource object should be an object").at(pointer));
            }
        };
        let type_name = self.text_property(object, "type", pointer)?;
        if type_name != resource.name {
            let detail = format!("The entity type \"{type_name}\" is not supported by this batch operation.");
            return self.refuse(Error::new(&ENTITY_TYPE, detail).at(format!("{pointer}/type")));
        }
        let label = self.label(object, pointer);
        let object = self.resource_object(object, resource, label, pointer.to_owned());
        if object.options.update && (object.id.is_none() || object.local) {
            self.errors.push(Error::request_data("The 'id' property is required").at(format!("{pointer}/id")));
        }
        if object.options.validate {
            self.errors.push(Error::value("The option is not supported.").at(format!("{pointer}/meta/validate")));
        }
        Some(object)
    }
}
