//! Creating records.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{World, customer, ids};
use super::{Check, check};
use crate::support::organization::unique;
use crate::support::shop::one;

fn unit(code: &str) -> Value {
    let labels =
        json!({"label": "L", "shortLabel": "S", "pluralLabel": "P", "shortPluralLabel": "T", "defaultPrecision": 0});
    json!({"data": {"type": "productunits", "id": code, "attributes": labels}})
}

/// How many customers have a name.
fn count(world: &World, name: &str) -> usize {
    ids(&world.get(&format!("/customers?filter[name]={name}")).expect(200).json()).len()
}

pub const CHECKS: &[Check] = &[
    check("CR-01 CR-02 CR-03 CR-12", "a new record is 201 with the record, and Location is its own link", |world| {
        let created = world.post("/customers", &customer("New")).expect(201);
        let location = created.header("Location");
        assert_eq!(created.json()["data"]["links"]["self"], json!(location));
        assert_eq!(world.follow(location).expect(200).id(), created.id());
    }),
    check("CR-04", "a type other than the collection's is 409", |world| {
        let answer = world.post("/customers", &json!({"data": {"type": "products"}})).expect(409);
        assert_eq!(answer.error()["source"]["pointer"], "/data/type");
    }),
    check("CR-05", "data and type are required", |world| {
        world.post("/customers", &json!({})).expect(400);
        let error = world.post("/customers", &json!({"meta": {}})).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/data");
        let error = world.post("/customers", &json!({"data": {"attributes": {}}})).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/data/type");
    }),
    check("CR-07 CR-08", "an id that the client chooses is kept; a second time it is 409", |world| {
        let code = unique("unit").to_lowercase();
        assert_eq!(world.post("/productunits", &unit(&code)).expect(201).id(), code);
        let error = world.post("/productunits", &unit(&code)).expect(409).error();
        assert_eq!(error["source"]["pointer"], "/data/id");
        world.client().delete(&format!("/admin/api/productunits/{code}")).expect(204);
    }),
    check("CR-09", "a record that does not exist cannot be pointed at: 404 in the strict profile", |world| {
        let mut body = customer("New");
        body["data"]["relationships"] = json!({"group": one("customergroups", "999999999")});
        let error = world.send_strictly(Method::POST, "/customers", &body).expect(404).error();
        assert_eq!(error["source"]["pointer"], "/data/relationships/group/data");
        let error = world.post("/customers", &body).expect(400).error();
        assert_eq!(error["title"], "form constraint");
    }),
    check("CR-10", "a relationship is an object with data", |world| {
        for relationship in [json!({}), json!(1), json!(null), json!([])] {
            let mut body = customer("New");
            body["data"]["relationships"] = json!({"group": relationship});
            let error = world.post("/customers", &body).expect(400).error();
            assert_eq!(error["source"]["pointer"], "/data/relationships/group", "{error}");
        }
    }),
    check("CR-13", "a request is done as a whole or not at all", |world| {
        let name = unique("Whole");
        let body = json!({
            "data": {
                "type": "customers", "attributes": {"name": name},
                "relationships": {"children": {"data": [{"type": "customers", "id": "x"}]}},
            },
            "included": [{"type": "customers", "id": "x", "attributes": {"name": ""}}],
        });
        let error = world.post("/customers", &body).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/included/0/attributes/name");
        assert_eq!(count(world, &name), 0);
    }),
    check("CR-14", "what cannot be created has no such method", |world| {
        let answer = world.post("/countries", &json!({"data": {"type": "countries", "id": "XX"}})).expect(405);
        assert_eq!(answer.header("Allow"), "OPTIONS, GET");
    }),
    check("CR-15", "an unknown member is 400", |world| {
        for (part, value) in [("attributes", json!(1)), ("relationships", json!({"data": null}))] {
            let mut body = customer("New");
            body["data"][part]["nope"] = value;
            let error = world.post("/customers", &body).expect(400).error();
            assert_eq!(error["title"], "extra fields constraint");
            assert!(error["detail"].as_str().unwrap().contains("\"nope\""));
        }
    }),
    check("CR-16", "JSON that is none is 400 with a document", |world| {
        let answer = world.post_as("application/vnd.api+json", &Value::Null);
        assert_eq!(answer.status, 400);
        let answer = world.client().send(Method::POST, "/admin/api/customers", |request| {
            request.header("Content-Type", "application/vnd.api+json").body("{")
        });
        let error = answer.expect(400).error();
        assert_eq!(error["title"], "bad request http exception");
        assert!(error["detail"].as_str().unwrap().starts_with("Invalid json message received."));
    }),
];
