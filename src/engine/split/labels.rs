//! The names that records of a body have and use: type and id of each, as hashes.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use serde::Deserialize;
use serde_json::Value as Json;

/// Hashes names, the same within one body.
#[derive(Default)]
pub struct Names(RandomState);

/// What a record is called, and what its relationships name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub own: Option<u64>,
    pub others: Vec<u64>,
}

/// The part of a resource object that names records. What has the wrong form names none.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type", default)]
    type_name: Json,
    #[serde(default)]
    id: Json,
    #[serde(default)]
    lid: Json,
    #[serde(default)]
    relationships: Json,
}

impl Names {
    /// The names in a resource object.
    pub fn of(&self, text: &str) -> Named {
        let Ok(object) = serde_json::from_str::<Object>(text) else { return Named::default() };
        let own = self.name(&object.type_name, &object.id, &object.lid);
        let mut others = Vec::new();
        for relationship in object.relationships.as_object().into_iter().flat_map(|all| all.values()) {
            match relationship.get("data") {
                Some(Json::Array(list)) => others.extend(list.iter().filter_map(|one| self.identifier(one))),
                Some(one) => others.extend(self.identifier(one)),
                None => {}
            }
        }
        others.sort_unstable();
        others.dedup();
        Named { own, others }
    }

    fn identifier(&self, identifier: &Json) -> Option<u64> {
        let member = |name| identifier.get(name).unwrap_or(&Json::Null);
        self.name(member("type"), member("id"), member("lid"))
    }

    fn name(&self, type_name: &Json, id: &Json, lid: &Json) -> Option<u64> {
        let id = if id.is_null() { lid } else { id };
        Some(self.0.hash_one((type_name.as_str()?, id.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_record_is_named_by_type_and_label_wherever_it_stands() {
        let names = Names::default();
        let product = names
            .of(r#"{"type":"products","id":"p","relationships":{"names":{"data":[{"type":"productnames","id":"n"}]},
                "brand":{"data":{"type":"brands","lid":"b"}}, "broken": 3}}"#);
        let mut expected =
            vec![names.of(r#"{"type":"productnames","id":"n"}"#).own, names.of(r#"{"type":"brands","lid":"b"}"#).own];
        expected.sort();
        assert_eq!(product.others.into_iter().map(Some).collect::<Vec<_>>(), expected);
        assert_ne!(product.own, names.of(r#"{"type":"brands","id":"p"}"#).own);
        assert_eq!(names.of("[1,2").own, None);
    }
}
