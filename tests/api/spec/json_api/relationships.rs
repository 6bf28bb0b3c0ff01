//! Writing relationships by their own routes.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{World, customer};
use super::{Check, check};
use crate::support::shop::{many, one};

fn new_customer(world: &World, name: &str) -> String {
    world.post("/customers", &customer(name)).expect(201).id()
}

fn linkage(world: &World, path: &str) -> Vec<String> {
    let document = world.get(path).expect(200).json();
    document["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

pub const CHECKS: &[Check] = &[
    check("RL-05", "PATCH sets a to-one, or clears it", |world| {
        let path = format!("/customers/{}/relationships/group", new_customer(world, "New"));
        world.patch(&path, &one("customergroups", &world.group)).expect(204);
        assert_eq!(world.get(&path).expect(200).json()["data"]["id"], json!(world.group));
        world.patch(&path, &json!({"data": null})).expect(204);
        assert_eq!(world.get(&path).expect(200).json()["data"], Value::Null);
    }),
    check(
        "RL-06 RL-07 RL-08 RL-11",
        "PATCH replaces a to-many, POST adds once, DELETE removes what is there",
        |world| {
            let [a, b, c] = ["A", "B", "C"].map(|name| new_customer(world, name));
            let path = format!("/customers/{}/relationships/children", new_customer(world, "New"));
            world.patch(&path, &many("customers", &[&a, &b])).expect(204);
            assert_eq!(linkage(world, &path), [a.clone(), b.clone()]);
            for _ in 0..2 {
                assert_eq!(world.send(Method::POST, &path, &many("customers", &[&c, &c, &a])).expect(204).text, "");
            }
            assert_eq!(linkage(world, &path), [a.clone(), b.clone(), c.clone()]);
            for _ in 0..2 {
                world.send(Method::DELETE, &path, &many("customers", &[&a])).expect(204);
            }
            assert_eq!(linkage(world, &path), [b, c]);
            world.patch(&path, &many("customers", &[])).expect(204);
            assert!(linkage(world, &path).is_empty());
        },
    ),
    check("RL-09", "what does not exist cannot be linked: 404 in the strict profile", |world| {
        let path = format!("{}/relationships/children", world.parent_path());
        let body = many("customers", &["999999999"]);
        let error = world.send_strictly(Method::POST, &path, &body).expect(404).error();
        assert_eq!(error["source"]["pointer"], "/data/0");
        world.send(Method::POST, &path, &body).expect(400);
        assert_eq!(linkage(world, &path), world.children);
    }),
    check("RL-10", "a relationship that cannot be written has no such method", |world| {
        let path = format!("{}/relationships/addresses", world.parent_path());
        let answer = world.patch(&path, &json!({"data": []})).expect(405);
        assert_eq!(answer.header("Allow"), "OPTIONS, GET");
    }),
    check("RL-12", "the body has data", |world| {
        let path = format!("{}/relationships/group", world.parent_path());
        world.patch(&path, &json!({})).expect(400);
        world.patch(&path, &json!({"meta": {}})).expect(400);
    }),
];
