//! Random bodies at the parsers of documents: they answer, whatever comes.

use entrepot::engine::document::{parse, parse_relationship};
use entrepot::engine::key::Key;
use entrepot::engine::registry::Registry;
use entrepot::engine::write::plan::{Route, WritePlan};
use entrepot::resources::ALL;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON, with the words that documents are made of more often than chance would have them.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("customers".to_owned()),
        Just("products".to_owned()),
        Just("1".to_owned()),
        Just("self".to_owned()),
        Just("externalId".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let name = prop_oneof![
            Just("data"),
            Just("type"),
            Just("id"),
            Just("lid"),
            Just("attributes"),
            Just("relationships"),
            Just("meta"),
            Just("included"),
            Just("upsert"),
            Just("update"),
            Just("validate"),
            Just("name"),
            Just("sku"),
            Just("group"),
            Just("children"),
            Just("names"),
            Just("unitPrecisions"),
            Just("@x"),
            Just(""),
            Just("a/b~c"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..7)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// A document whose frame is right, so that what is inside is looked at.
fn framed() -> impl Strategy<Value = Value> {
    (any_json(), any_json(), any_json(), any_json(), prop::collection::vec(any_json(), 0..4)).prop_map(
        |(attributes, group, children, upsert, parts)| {
            let included: Vec<Value> = parts
                .into_iter()
                .enumerate()
                .map(|(index, part)| json!({"type": "customers", "id": index.to_string(), "attributes": part}))
                .collect();
            json!({
                "data": {
                    "type": "customers", "id": "1", "attributes": attributes,
                    "relationships": {"group": {"data": group}, "children": {"data": children}},
                    "meta": {"upsert": upsert},
                },
                "included": included,
            })
        },
    )
}

fn read(body: &[u8]) {
    let registry = Registry::new("admin", "/admin/api", ALL);
    for name in ["customers", "products", "productunits", "productprices"] {
        let resource = registry.get(name).unwrap();
        for (id, route) in [(None, Route::Create), (Some("1"), Route::Update(Key::Integer(1)))] {
            if let Ok(document) = parse(body, &registry, resource, id) {
                let _ = WritePlan::build(&document, &route);
            }
        }
    }
    let _ = (parse_relationship(body, true), parse_relationship(body, false));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&body);
    }

    #[test]
    fn any_value(body in any_json()) {
        read(body.to_string().as_bytes());
    }

    #[test]
    fn any_content(body in framed()) {
        read(body.to_string().as_bytes());
    }
}
