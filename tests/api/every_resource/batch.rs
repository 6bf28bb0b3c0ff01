//! Many records of every resource that can be created or updated, by PATCH on its collection.

use entrepot::engine::resource::Resource;
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::bodies::{World, no_id};
use crate::support::client::{Answer, JSON_API};
use crate::support::organization::unique;

/// "For **every** resource whose create or update exists".
fn batchable() -> impl Iterator<Item = &'static Resource> {
    let takes = |resource: &&Resource| {
        let actions = resource.actions;
        !resource.singleton && resource.name != "asyncoperations" && (actions.create || actions.update)
    };
    ALL.iter().copied().filter(takes)
}

fn sync(world: &World, resource: &Resource, body: &Value) -> Answer {
    world.client().send(Method::PATCH, &format!("/admin/api/{}", resource.name), |request| {
        request.header("Content-Type", JSON_API).header("X-Mode", "sync").body(body.to_string())
    })
}

/// The record of the request that changes nothing but says which it is.
fn update(resource: &Resource, id: &str) -> Value {
    json!({"data": [{"type": resource.name, "id": id, "attributes": {}, "meta": {"update": true}}]})
}

/// Runs a test for each resource and names those that fail.
#[track_caller]
fn each(test: impl Fn(&World, &'static Resource)) {
    let world = World::new();
    let fails = |resource: &&'static Resource| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&world, resource))).is_err()
    };
    let broken: Vec<&str> = batchable().filter(fails).map(|resource| resource.name).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn a_record_is_created_in_a_batch() {
    each(|world, resource| {
        if !resource.actions.create {
            return;
        }
        let mut body = world.create_body(resource);
        let record = body["data"].take();
        let label = record["id"].clone();
        body["data"] = json!([record]);
        let created = sync(world, resource, &body).expect(200).json();
        let data = created["data"].as_array().unwrap();
        assert_eq!((data.len(), &data[0]["meta"]["dataId"]), (1, &label));
        let path = format!("/admin/api/{}/{}", resource.name, data[0]["id"].as_str().unwrap());
        assert_eq!(world.client().get(&path).expect(200).json()["data"]["attributes"], data[0]["attributes"]);
    });
}

#[test]
fn a_record_is_updated_in_a_batch() {
    each(|world, resource| {
        if !resource.actions.update {
            return;
        }
        let id = world.record(resource);
        let updated = sync(world, resource, &update(resource, &id)).expect(200).json();
        assert_eq!(updated["data"][0]["id"], id.as_str());
        let missing = sync(world, resource, &update(resource, no_id(resource))).expect(404).error();
        assert_eq!(missing["source"]["pointer"], "/data/0");
    });
}

/// "`meta.upsert` an upsert": the first makes the record, the second finds it; where only what is there is updated, the key
/// of a stored record finds it.
#[test]
fn a_record_is_upserted_in_a_batch() {
    each(|world, resource| {
        for key in resource.unique.iter().filter(|key| key.upsert) {
            if !resource.actions.create {
                continue;
            }
            let mut body = world.create_body(resource);
            let mut record = body["data"].take();
            for member in key.members.iter().filter(|member| resource.field(member).is_some()) {
                record["attributes"].as_object_mut().unwrap().entry(*member).or_insert_with(|| json!(unique("key")));
            }
            record["meta"] = json!({"upsert": key.members});
            body["data"] = json!([record]);
            let created = sync(world, resource, &body).expect(200).json();
            let again = sync(world, resource, &body).expect(200).json();
            assert_eq!(created["data"][0]["id"], again["data"][0]["id"]);
            let path = format!("/admin/api/{}/{}", resource.name, created["data"][0]["id"].as_str().unwrap());
            world.client().get(&path).expect(200);
        }
    });
}

/// "unsupported type `entity type constraint` …; `The "create" action is not allowed.`(405)" (contract 19).
#[test]
fn what_is_wrong_with_a_record_is_told_at_its_place() {
    each(|world, resource| {
        let other = sync(world, resource, &json!({"data": [{"type": "countries", "id": "US"}]})).expect(400).error();
        assert_eq!(other["detail"], "The entity type \"countries\" is not supported by this batch operation.");
        assert_eq!(other["source"]["pointer"], "/data/0/type");
        let attributes = if resource.actions.create { json!({"noSuchThing": 1}) } else { json!({}) };
        let new = json!({"type": resource.name, "id": no_id(resource), "attributes": attributes});
        let answer = sync(world, resource, &json!({"data": [new]}));
        assert_eq!(answer.status, if resource.actions.create { 400 } else { 405 }, "{}", answer.text);
    });
}

/// Accepted whatever is in it, and told of later.
#[test]
fn every_collection_accepts_a_batch() {
    each(|world, resource| {
        let path = format!("/admin/api/{}", resource.name);
        let body = json!({"data": [{"type": resource.name, "attributes": {"noSuchThing": 1}}]});
        let answer = world.client().patch(&path, &body).expect(202);
        assert_eq!(answer.json()["data"]["attributes"]["entityType"], resource.name);
    });
}
