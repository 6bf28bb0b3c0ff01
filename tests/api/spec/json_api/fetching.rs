//! Reading records, lists and linkage.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Check, check};

/// Every link of a document, at any depth.
fn links(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("links", Value::Object(links)) => {
                        found.extend(links.values().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => links_of(value, found),
                }
            }
        }
        other => links_of(other, found),
    }
}

fn links_of(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| links(value, found)),
        Value::Object(_) => links(value, found),
        _ => {}
    }
}

pub const CHECKS: &[Check] = &[
    check("FE-01 FE-02", "what exists is 200, an empty list too", |world| {
        world.get("/customers").expect(200);
        world.get(&world.parent_path()).expect(200);
        assert_eq!(world.get("/customers?filter[name]=nobody").expect(200).json()["data"], json!([]));
    }),
    check("FE-04", "a record that does not exist is 404", |world| {
        world.get("/customers/999999999").expect(404);
    }),
    check("FE-05 RL-04", "so are the routes of its relationships", |world| {
        for relation in ["group", "children"] {
            world.get(&format!("/customers/999999999/{relation}")).expect(404);
            world.get(&format!("/customers/999999999/relationships/{relation}")).expect(404);
        }
    }),
    check("FE-06", "and unknown types and relationships", |world| {
        world.get("/nope").expect(404);
        world.get(&format!("{}/nope", world.parent_path())).expect(404);
        world.get(&format!("{}/relationships/nope", world.parent_path())).expect(404);
    }),
    check("FE-07", "every link can be followed", |world| {
        let mut found = BTreeSet::new();
        for path in
            ["/customers?page[size]=2&include=group", "/orders", "/products?page[size]=1", "/countries?page[size]=1"]
        {
            links(&world.get(path).expect(200).json(), &mut found);
        }
        let mut below = BTreeSet::new();
        for link in &found {
            let answer = world.follow(link).expect(200);
            if below.len() < 150 {
                links(&answer.json(), &mut below);
            }
        }
        for link in below.difference(&found) {
            world.follow(link).expect(200);
        }
        assert!(found.len() > 50, "{}", found.len());
    }),
    check("FE-08", "HEAD is GET without a body; a known entity tag is 304", |world| {
        let path = format!("/admin/api{}", world.parent_path());
        let get = world.client().get(&path).expect(200);
        let head = world.client().send(Method::HEAD, &path, |request| request).expect(200);
        assert_eq!((head.text.as_str(), head.header("ETag")), ("", get.header("ETag")));
        let tag = get.header("ETag").to_owned();
        let known = world.client().send(Method::GET, &path, |request| request.header("If-None-Match", tag));
        assert_eq!(known.expect(304).text, "");
    }),
    check("FE-09", "reading changes nothing", |world| {
        let path = "/customers?include=group&sort=-id";
        assert_eq!(world.get(path).expect(200).text, world.get(path).expect(200).text);
    }),
    check(
        "RL-01 RL-03",
        "a relationship's route answers with linkage, and names itself and what it leads to",
        |world| {
            let one = world.get(&format!("{}/relationships/group", world.parent_path())).expect(200).json();
            assert_eq!(one["data"], json!({"type": "customergroups", "id": world.group}));
            let many = world.get(&format!("{}/relationships/children", world.parent_path())).expect(200).json();
            let [first, second] = &world.children;
            let wanted = json!([{"type": "customers", "id": first}, {"type": "customers", "id": second}]);
            assert_eq!(many["data"], wanted);
            for (document, name) in [(one, "group"), (many, "children")] {
                let of = |link: &str| document["links"][link].as_str().unwrap().to_owned();
                assert!(of("self").ends_with(&format!("{}/relationships/{name}", world.parent_path())));
                assert!(of("related").ends_with(&format!("{}/{name}", world.parent_path())));
            }
        },
    ),
];
