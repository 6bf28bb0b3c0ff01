//! The extension for atomic operations.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;
use super::{Check, check};
use crate::spec::atomic::{ATOMIC, operate};
use crate::support::client::Answer;

fn run(world: &World, operations: Value) -> Answer {
    operate(world.client(), &json!({"atomic:operations": operations}))
}

fn add(name: &str) -> Value {
    json!({"op": "add", "data": {"type": "customers", "lid": name, "attributes": {"name": name}}})
}

fn pointer(answer: &Answer) -> String {
    answer.error()["source"]["pointer"].as_str().unwrap_or_default().to_owned()
}

pub const CHECKS: &[Check] = &[
    check("CN-05 CN-14", "the extension is accepted in the content type, and named in the answer's", |world| {
        assert_eq!(run(world, json!([add("A")])).expect(200).header("Content-Type"), ATOMIC);
        assert_eq!(run(world, json!([{"op": "x"}])).expect(400).header("Content-Type"), ATOMIC);
    }),
    check("AT-01", "operations are a POST in the extension's media type", |world| {
        assert_eq!(world.get("/operations").expect(405).header("Allow"), "OPTIONS, POST");
        let body = json!({"atomic:operations": [add("A")]});
        let answer = world.send(Method::POST, "/operations", &body).expect(415);
        assert_eq!(answer.error()["source"]["header"], "Content-Type");
    }),
    check("AT-02", "a document of operations has no data and nothing included", |world| {
        for name in ["data", "included"] {
            let answer = operate(world.client(), &json!({"atomic:operations": [add("A")], name: []})).expect(400);
            assert_eq!(pointer(&answer), format!("/{name}"));
        }
    }),
    check("AT-03", "operations are done in their order", |world| {
        let answer = run(
            world,
            json!([
                add("A"),
                {"op": "update", "data": {"type": "customers", "lid": "A", "attributes": {"name": "B"}}},
                {"op": "remove", "ref": {"type": "customers", "lid": "A"}},
            ]),
        );
        let results = answer.expect(200).json()["atomic:results"].clone();
        assert_eq!(
            (&results[0]["data"]["attributes"]["name"], &results[1]["data"]["attributes"]["name"]),
            (&json!("A"), &json!("B"))
        );
        world.get(&format!("/customers/{}", results[0]["data"]["id"].as_str().unwrap())).expect(404);
    }),
    check("AT-04", "all are done or none", |world| {
        let before = world.get("/customers?page[size]=-1").expect(200).text;
        let answer = run(world, json!([add("A"), {"op": "add", "data": {"type": "customers", "attributes": {}}}]));
        assert_eq!(pointer(&answer.expect(400)), "/atomic:operations/1/data/attributes/name");
        assert_eq!(world.get("/customers?page[size]=-1").expect(200).text, before);
    }),
    check("AT-05", "as many results as operations, in their order; none without data", |world| {
        let results = run(world, json!([add("A"), add("B"), add("C")])).expect(200).json()["atomic:results"].clone();
        let names: Vec<&Value> =
            results.as_array().unwrap().iter().map(|result| &result["data"]["attributes"]["name"]).collect();
        assert_eq!(names, [&json!("A"), &json!("B"), &json!("C")]);
        let one = results[0]["data"]["id"].clone();
        let removed = run(world, json!([{"op": "remove", "ref": {"type": "customers", "id": one}}])).expect(204);
        assert_eq!(removed.text, "");
    }),
    check("AT-06", "another op, and ref beside href, are refused at the operation", |world| {
        let other = run(world, json!([{"op": "x", "data": {}}])).expect(400);
        assert!(pointer(&other).starts_with("/atomic:operations/0"), "{}", other.text);
        let reference = json!({"type": "customers", "id": world.parent});
        let both = run(world, json!([{"op": "remove", "ref": reference, "href": world.parent_path()}])).expect(400);
        assert_eq!(pointer(&both), "/atomic:operations/0");
    }),
    check("AT-07", "a target is named by type and id, by type and lid, with a relationship", |world| {
        let group = json!({"type": "customergroups", "id": world.group});
        let answer = run(
            world,
            json!([
                {"op": "update", "ref": {"type": "customers", "id": world.children[1]}, "data": {"type": "customers", "id": world.children[1], "attributes": {"name": "By id"}}},
                add("lid"),
                {"op": "update", "ref": {"type": "customers", "lid": "lid"}, "data": {"type": "customers", "lid": "lid", "attributes": {"name": "By lid"}}},
                {"op": "update", "ref": {"type": "customers", "lid": "lid", "relationship": "group"}, "data": group},
                {"op": "update", "ref": {"type": "customers", "id": world.children[1], "relationship": "group"}, "data": group},
            ]),
        );
        let results = answer.expect(200).json()["atomic:results"].clone();
        assert_eq!((&results[3], &results[4]), (&json!({}), &json!({})));
        let made = world.get(&format!("/customers/{}", results[1]["data"]["id"].as_str().unwrap())).expect(200).json();
        assert_eq!(made["data"]["attributes"]["name"], "By lid");
        assert_eq!(made["data"]["relationships"]["group"]["data"], group);
    }),
    check("AT-08", "an error points at its operation", |world| {
        let answer = run(world, json!([add("A"), {"op": "remove", "ref": {"type": "customers", "id": "999999999"}}]));
        assert_eq!(pointer(&answer.expect(404)), "/atomic:operations/1");
    }),
    check("AT-09", "the result of a removal has no data", |world| {
        let removal = json!({"op": "remove", "ref": {"type": "customers", "lid": "A"}});
        let results = run(world, json!([add("A"), removal])).expect(200).json()["atomic:results"].clone();
        assert_eq!(results[1], json!({}));
    }),
    check("AT-10", "a relationship's operations: add, update and remove; null for a to-one", |world| {
        let children = json!({"type": "customers", "id": world.parent, "relationship": "children"});
        let list = |ids: &[&str]| ids.iter().map(|id| json!({"type": "customers", "id": id})).collect::<Vec<_>>();
        let [first, second] = [world.children[0].as_str(), world.children[1].as_str()];
        let linked = |operation: Value| {
            run(world, json!([operation])).expect(204);
            let document = world.get(&format!("{}/relationships/children", world.parent_path())).expect(200).json();
            let ids: Vec<String> =
                document["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
            ids
        };
        assert_eq!(linked(json!({"op": "remove", "ref": children, "data": list(&[first])})), [second]);
        assert_eq!(linked(json!({"op": "add", "ref": children, "data": list(&[first])})), [first, second]);
        assert_eq!(linked(json!({"op": "update", "ref": children, "data": list(&[first])})), [first]);
        let parent = json!({"type": "customers", "id": first, "relationship": "parent"});
        assert_eq!(linked(json!({"op": "update", "ref": parent, "data": null})), Vec::<String>::new());
        let both = json!({"op": "update", "ref": children, "data": list(&[first, second])});
        assert_eq!(linked(both), [first, second]);
    }),
    check("AT-11", "an operation on what is not there or not allowed is refused as a whole", |world| {
        let unknown = run(world, json!([add("A"), {"op": "add", "data": {"type": "unicorns"}}])).expect(404);
        assert_eq!(pointer(&unknown), "/atomic:operations/1/data/type");
        let refused = run(world, json!([{"op": "add", "data": {"type": "organizations"}}])).expect(403);
        assert_eq!(refused.error()["title"], "action not allowed exception");
        assert_eq!(pointer(&refused), "/atomic:operations/0");
    }),
    check("AT-12", "more operations than are taken are refused, with the limit", |world| {
        let many: Vec<Value> = (0..1001).map(|n| add(&n.to_string())).collect();
        let error = run(world, json!(many)).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/atomic:operations");
        assert!(error["detail"].as_str().unwrap().contains("At most 1000"), "{error}");
    }),
];
