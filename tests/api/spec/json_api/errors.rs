//! Error documents.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{World, customer};
use super::{Check, check};
use crate::support::client::{Answer, JSON_API};
use crate::support::database;
use crate::support::organization::token;
use crate::support::server::TestServer;

/// Refusals of every kind that has a body.
fn refusals(world: &World) -> Vec<Answer> {
    let wrong =
        json!({"data": {"type": "customers", "attributes": {"name": "", "externalId": "x".repeat(99), "nope": 1}}});
    let small = TestServer::start(database::shared(), "[http]\nbody_limit = 1024");
    let admin = &world.shop.organization.admin;
    let limited = small.client().with_token(&token(&small, &admin.client_id, &admin.client_secret));
    vec![
        world.get("/customers/999999999").expect(404),
        world.get("/nope").expect(404),
        world.client().get("/nowhere").expect(404),
        world.get("/rest/latest/x").expect(404),
        world.get("/customers?sort=nope&filter[nope]=1").expect(400),
        world.accept("/customers", "text/html").expect(406),
        world.post_as("text/plain", &customer("New")).expect(415),
        world.post("/customers", &wrong).expect(400),
        world.post("/customers", &json!({"data": {"type": "products"}})).expect(409),
        world.stranger().get("/admin/api/customers").expect(403),
        limited.post("/admin/api/customers", &customer(&"x".repeat(2000))).expect(413),
    ]
}

pub const CHECKS: &[Check] = &[
    check("ER-01 ER-02 ER-03 ER-09 ER-11", "every refusal with a body is a document of error objects", |world| {
        for answer in refusals(world) {
            assert_eq!(answer.header("Content-Type"), JSON_API, "{}", answer.text);
            let document = answer.json();
            let errors = document["errors"].as_array().unwrap();
            assert!(!errors.is_empty());
            for error in errors {
                for member in ["status", "code", "title", "detail", "id"] {
                    assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {error}");
                }
                assert_eq!(error["id"], json!(answer.header("X-Request-ID")));
            }
        }
    }),
    check("ER-04", "several faults are told at once, each at its place", |world| {
        let body = json!({"data": {"type": "customers", "attributes": {"name": "", "externalId": "x".repeat(99)}}});
        let answer = world.post("/customers", &body).expect(400).json();
        let places: Vec<&str> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["source"]["pointer"].as_str().unwrap())
            .collect();
        assert!(
            places.contains(&"/data/attributes/name") && places.contains(&"/data/attributes/externalId"),
            "{places:?}"
        );
    }),
    check("ER-05", "a pointer leads to the value that is wrong", |world| {
        let body = json!({
            "data": {
                "type": "customers", "attributes": {"name": 7, "externalId": ["x"]},
                "relationships": {"group": {"data": {"type": "customers", "id": "1"}}, "children": {"data": [{"type": "customers", "id": "y"}]}},
            },
            "included": [{"type": "nope", "id": "1"}],
        });
        let answer = world.post("/customers", &body).expect(400).json();
        for error in answer["errors"].as_array().unwrap() {
            let pointer = error["source"]["pointer"].as_str().unwrap();
            assert!(body.pointer(pointer).is_some_and(|value| *value != Value::Null), "{pointer}");
        }
    }),
    check("ER-06", "faults of the query and of headers are told by name", |world| {
        assert_eq!(world.get("/customers?sort=nope").expect(400).error()["source"], json!({"parameter": "sort"}));
        assert_eq!(world.accept("/customers", "text/html").expect(406).error()["source"], json!({"header": "Accept"}));
    }),
    check("ER-07", "titles and codes are the same at every occurrence", |world| {
        let [first, second] =
            ["/customers/999999999", "/products/999999999"].map(|path| world.get(path).expect(404).error());
        assert_eq!((&first["title"], &first["code"]), (&second["title"], &second["code"]));
    }),
    check("ER-10", "405 names the methods, 401 the scheme", |world| {
        let answer = world.client().send(Method::PUT, "/admin/api/customers", |request| request).expect(405);
        assert_eq!(answer.header("Allow"), "OPTIONS, GET, PATCH, POST, DELETE");
        let answer = world.shop.organization.server.client().get("/admin/api/customers").expect(401);
        assert!(answer.header("WWW-Authenticate").starts_with("Bearer"), "{}", answer.header("WWW-Authenticate"));
    }),
];
