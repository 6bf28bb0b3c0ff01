//! The document of a small registry that has one of everything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document;
use crate::engine::field::{Literal, date_time, enumeration, money, objects, password, text};
use crate::engine::registry::Registry;
use crate::engine::relation::{polymorphic, through, to_many, to_one};
use crate::engine::resource::{Ownership, READ_ONLY, Resource, UniqueKey};
use crate::resources::system::BELOW_ANOTHER;

static SHELF: Resource = Resource::new("shelves", "shelf")
    .fields(&[
        text("code").required().max(20).filter_list().sort(),
        enumeration("state", &["open", "closed"]).default(Literal::Text("open")),
        money("worth").read_only(),
        objects("types", &["kind", "default"]),
        password("secret").write_only(),
        date_time("createdAt").column("created_at").read_only().filter().sort(),
    ])
    .relations(&[
        to_many("books", &BOOK, "shelf_id").required(1).cascade(),
        to_one("room", &ROOM, "room_id").required(1),
        through("neighbours", &SHELF, "shelf_neighbour", "shelf_id", "neighbour_id"),
        polymorphic("maker", &[&ROOM, &SHELF], "maker_type", "maker_id"),
    ])
    .unique(&[UniqueKey { constraint: "shelf_code_key", members: &["code"], upsert: true }])
    .validatable()
    .about("Where books stand.");
static BOOK: Resource = Resource::new("books", "book")
    .fields(&[text("title").required()])
    .relations(&[to_one("shelf", &SHELF, "shelf_id").required(1)])
    .owned_by(Ownership::Part(&["shelf"]));
static ROOM: Resource = Resource::new("rooms", "room")
    .text_id("code")
    .fields(&[text("name")])
    .actions(READ_ONLY)
    .example_id("hall")
    .global();

static OPERATION: Resource =
    Resource::new("asyncoperations", "async_operation").fields(&[text("status")]).actions(READ_ONLY);
static ERROR: Resource = Resource::new("asyncoperationerrors", "async_operation_error")
    .text_id("id")
    .fields(&[text("title")])
    .actions(BELOW_ANOTHER);
static RESULT: Resource = Resource::new("asyncoperationresults", "async_operation_result")
    .text_id("id")
    .fields(&[enumeration("outcome", &["created", "failed"]).filter()])
    .actions(BELOW_ANOTHER);

static ALL: &[&Resource] = &[&ERROR, &RESULT, &OPERATION, &BOOK, &ROOM, &SHELF];

fn sample() -> Value {
    serde_json::to_value(document(&Registry::new("admin", "/admin/api", ALL).with_batches()))
        .expect("a document is JSON")
}

fn walk<'v>(value: &'v Value, visit: &mut dyn FnMut(&'v str, &'v Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                visit(name, member);
                walk(member, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = sample();
    let mut named = BTreeSet::new();
    walk(&document, &mut |name, value| {
        if let ("$ref", Some(place)) = (name, value.as_str()) {
            assert!(document.pointer(&place[1..]).is_some(), "{place} leads nowhere");
            named.insert(place.to_owned());
        }
    });
    for (section, members) in document["components"].as_object().expect("components") {
        for name in members.as_object().expect("a section").keys().filter(|_| section != "securitySchemes") {
            assert!(named.contains(&format!("#/components/{section}/{name}")), "{section}/{name} is not used");
        }
    }
}

#[test]
fn operations_are_the_routes_of_the_contract() {
    let document = sample();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path") {
            found.push(format!(
                "{} {path} {}",
                method.to_uppercase(),
                operation["operationId"].as_str().unwrap_or("-")
            ));
        }
    }
    let ids: BTreeSet<&str> = found.iter().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(ids.len(), found.len(), "an operation id occurs twice");
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn bodies_take_what_a_client_may_set() {
    let document = sample();
    let schemas = &document["components"]["schemas"];
    let members = |schema: &str| -> Vec<String> {
        let data = &schemas[schema]["properties"]["data"];
        let attributes = &data["properties"]["attributes"]["properties"];
        attributes.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    assert_eq!(members("shelves_create"), ["code", "secret", "state", "types"]);
    assert_eq!(members("shelves_update"), ["code", "secret", "state", "types"]);
    let create = &schemas["shelves_create"]["properties"]["data"]["properties"];
    assert_eq!(create["attributes"]["required"], serde_json::json!(["code"]));
    assert_eq!(create["relationships"]["required"], serde_json::json!(["books", "room"]));
    let shown = schemas["shelves"]["properties"]["attributes"]["properties"].as_object().expect("attributes");
    assert!(!shown.contains_key("secret") && shown.contains_key("worth"));
    assert!(schemas.get("rooms_create").is_none(), "rooms cannot be created");
}

/// Links belong to answers: what a request says of them is not looked at, so a document must not refuse it.
#[test]
fn requests_state_linkages_without_links() {
    let document = sample();
    let schemas = &document["components"]["schemas"];
    for body in ["shelves_create", "shelves_update"] {
        let relationships = &schemas[body]["properties"]["data"]["properties"]["relationships"]["properties"];
        for (name, relationship) in relationships.as_object().expect("relationships") {
            let place = relationship["$ref"].as_str().expect("a reference");
            let schema = document.pointer(&place[1..]).expect("a schema");
            assert!(schema["properties"]["links"].is_null(), "{body}: {name}");
            assert_eq!(schema["required"], serde_json::json!(["data"]), "{body}: {name}");
        }
    }
}

/// "An unknown include path is ignored."
#[test]
fn any_text_may_be_included() {
    let document = sample();
    let include = &document["components"]["parameters"]["shelves_include"]["schema"]["items"]["anyOf"];
    assert_eq!(include[1], serde_json::json!({"type": "string"}));
}

#[test]
fn the_create_example_states_what_is_required_and_brings_its_parts() {
    insta::assert_json_snapshot!(super::create_example(&SHELF));
}

#[test]
fn the_same_registry_gives_the_same_text() {
    let registry = Registry::new("admin", "/admin/api", ALL).with_batches();
    let text = super::text(&registry).expect("a document is JSON");
    for _ in 0..5 {
        assert_eq!(text, super::text(&registry).expect("a document is JSON"));
    }
}
