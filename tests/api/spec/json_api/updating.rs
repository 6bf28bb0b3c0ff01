//! Changing and deleting records.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{World, customer};
use super::{Check, check};
use crate::support::shop::{many, one};

fn body(id: &str, attributes: &Value, relationships: &Value) -> Value {
    json!({"data": {"type": "customers", "id": id, "attributes": attributes, "relationships": relationships}})
}

/// A customer of the group with an external id.
fn made(world: &World) -> String {
    let mut body = customer("Before");
    body["data"]["attributes"]["externalId"] = json!(crate::support::organization::unique("E"));
    body["data"]["relationships"] = json!({"group": one("customergroups", &world.group)});
    world.post("/customers", &body).expect(201).id()
}

pub const CHECKS: &[Check] = &[
    check("UP-01 UP-02 UP-04", "what a PATCH does not name stays as it is; the answer is the record", |world| {
        let id = made(world);
        let path = format!("/customers/{id}");
        let before = world.get(&path).expect(200).json();
        let answer = world.patch(&path, &body(&id, &json!({"name": "After"}), &json!({}))).expect(200).json();
        let after = world.get(&path).expect(200).json();
        assert_eq!(answer["data"], after["data"]);
        assert_eq!(after["data"]["attributes"]["name"], "After");
        assert_eq!(after["data"]["attributes"]["externalId"], before["data"]["attributes"]["externalId"]);
        assert_eq!(after["data"]["relationships"], before["data"]["relationships"]);
    }),
    check("UP-03", "a PATCH sets the linkage it names, lists as a whole", |world| {
        let (id, [a, b]) = (made(world), [made(world), made(world)]);
        let path = format!("/customers/{id}");
        let children = |list: &[&str]| json!({"children": many("customers", list), "group": {"data": null}});
        world.patch(&path, &body(&id, &json!({}), &children(&[&a, &b]))).expect(200);
        let answer = world.patch(&path, &body(&id, &json!({}), &children(&[&b]))).expect(200).json();
        let relationships = &answer["data"]["relationships"];
        assert_eq!(relationships["children"]["data"], json!([{"type": "customers", "id": b}]));
        assert_eq!(relationships["group"]["data"], Value::Null);
    }),
    check("UP-05", "a record that does not exist is 404; a related one in the strict profile", |world| {
        world.patch("/customers/999999999", &body("999999999", &json!({"name": "X"}), &json!({}))).expect(404);
        let id = made(world);
        let missing = body(&id, &json!({}), &json!({"group": one("customergroups", "999999999")}));
        let path = format!("/customers/{id}");
        let error = world.send_strictly(Method::PATCH, &path, &missing).expect(404).error();
        assert_eq!(error["source"]["pointer"], "/data/relationships/group/data");
        world.patch(&path, &missing).expect(400);
    }),
    check("UP-06", "a type or id other than the URL's is 409", |world| {
        let path = world.parent_path();
        let error = world.patch(&path, &body("1", &json!({}), &json!({}))).expect(409).error();
        assert_eq!(error["source"]["pointer"], "/data/id");
        let other = json!({"data": {"type": "products", "id": world.parent}});
        assert_eq!(world.patch(&path, &other).expect(409).error()["source"]["pointer"], "/data/type");
    }),
    check("UP-07", "a value that is taken is refused at its place", |world| {
        let path = format!("/products/{}", world.products[0]);
        let taken = json!({"data": {"type": "products", "id": world.products[0], "attributes": {"sku": "B"}}});
        let error = world.patch(&path, &taken).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/data/attributes/sku");
    }),
    check("UP-09", "what cannot be changed has no such method", |world| {
        let body = json!({"data": {"type": "countries", "id": "US", "attributes": {"name": "X"}}});
        world.patch("/countries/US", &body).expect(405);
    }),
    check("UP-10", "a PATCH that is refused changes nothing", |world| {
        let id = made(world);
        let path = format!("/customers/{id}");
        let refused = body(&id, &json!({"name": "After", "externalId": "x".repeat(300)}), &json!({}));
        world.patch(&path, &refused).expect(400);
        assert_eq!(world.get(&path).expect(200).json()["data"]["attributes"]["name"], "Before");
    }),
    check("UP-11", "an entity tag that is no longer the record's is 412", |world| {
        let id = made(world);
        let path = format!("/customers/{id}");
        let tag = world.get(&path).expect(200).header("ETag").to_owned();
        let change = |name: &str| {
            let body = body(&id, &json!({"name": name}), &json!({})).to_string();
            world.client().send(Method::PATCH, &format!("/admin/api{path}"), |request| {
                request.header("Content-Type", "application/vnd.api+json").header("If-Match", &tag).body(body)
            })
        };
        change("First").expect(200);
        assert_eq!(change("Second").expect(412).error()["source"]["header"], "If-Match");
        assert_eq!(world.get(&path).expect(200).json()["data"]["attributes"]["name"], "First");
    }),
    check("DE-01 DE-02", "a deleted record is 204 without a body, and then 404", |world| {
        let path = format!("/admin/api/customers/{}", made(world));
        assert_eq!(world.client().delete(&path).expect(204).text, "");
        world.client().delete(&path).expect(404);
        world.client().get(&path).expect(404);
    }),
    check("DE-04", "a list is deleted by a filter, and only by one", |world| {
        let path = format!("/admin/api/customers?filter[id]={},{}", made(world), made(world));
        let answer = world.client().send(Method::DELETE, &path, |request| request.header("X-Include", "deletedCount"));
        assert_eq!(answer.expect(204).header("X-Include-Deleted-Count"), "2");
        world.client().delete("/admin/api/customers").expect(400);
    }),
];
