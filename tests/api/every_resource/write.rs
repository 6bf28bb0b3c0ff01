//! Every resource created, changed, deleted and refused.
//!
//! The body of a create is the API document's example with the ids of existing records; what rules ask for beyond the
//! descriptor stands in [`bodies`](super::bodies).

use entrepot::engine::field::{Access, Field};
use entrepot::engine::kind::Kind;
use entrepot::engine::relation::Relation;
use entrepot::engine::resource::{IdKind, Resource};
use entrepot::resources::ALL;
use serde_json::{Value, json};

use super::bodies::{World, no_id};
use crate::support::client::{Answer, Client};
use crate::support::organization::unique;

/// Runs a test for each of some resources and names those that fail.
#[track_caller]
fn each(resources: impl Iterator<Item = &'static Resource>, test: impl Fn(&World, &'static Resource)) {
    let world = World::new();
    let broken: Vec<&str> = resources
        .filter(|resource| {
            let run = std::panic::AssertUnwindSafe(|| test(&world, resource));
            std::panic::catch_unwind(run).is_err()
        })
        .map(|resource| resource.name)
        .collect();
    assert!(broken.is_empty(), "{broken:?}");
}

fn creatable() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.create)
}

fn updatable() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.update)
}

/// A body that states some attributes of a record.
fn body(resource: &Resource, id: &str, attributes: &Value) -> Value {
    json!({"data": {"type": resource.name, "id": id, "attributes": attributes}})
}

fn errors(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let document = answer.json();
    let errors = document["errors"].as_array().unwrap();
    errors.iter().map(|error| (text(&error["title"]), text(&error["source"]["pointer"]))).collect()
}

/// Something that no value of the kind looks like; `None` where anything goes.
fn wrong(field: &Field) -> Option<Value> {
    match field.kind {
        Kind::Text | Kind::LongText | Kind::Password | Kind::Secret | Kind::Base64 | Kind::Currency => {
            Some(json!({"a": 1}))
        }
        Kind::Enum(_) => Some(json!("no such word")),
        Kind::Json => None,
        _ => Some(json!("no such value")),
    }
}

/// A value that the field does not have by default.
fn other(field: &Field) -> Option<Value> {
    match field.kind {
        Kind::Text | Kind::LongText if !field.email => Some(json!("changed")),
        Kind::Integer => Some(json!(3)),
        Kind::Date => Some(json!("2025-06-07")),
        Kind::Boolean => Some(json!(false)),
        Kind::Decimal => Some(json!("3")),
        _ => None,
    }
}

#[test]
fn the_smallest_create_is_read_back_and_deleted() {
    each(creatable(), |world, resource| {
        let path = format!("/admin/api/{}", resource.name);
        let created = world.client().post(&path, &world.create_body(resource)).expect(201);
        let item = format!("{path}/{}", created.id());
        assert!(created.header("Location").ends_with(&item), "{}", created.header("Location"));
        let read = world.client().get(&item).expect(200);
        assert_eq!(read.json()["data"], created.json()["data"], "a GET shows what the POST showed");
        if resource.actions.list && resource.mandatory_filters.is_empty() {
            let list = world.client().get(&format!("{path}?filter[id]={}", created.id())).expect(200).json();
            assert_eq!(list["data"][0]["id"], json!(created.id()));
        }
        if resource.actions.delete {
            assert_eq!(world.client().delete(&item).expect(204).text, "");
            world.client().get(&item).expect(404);
            world.client().delete(&item).expect(404);
        } else {
            assert_eq!(world.client().delete(&item).expect(405).text, "");
        }
    });
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    each(updatable(), |world, resource| {
        let id = world.record(resource);
        let path = format!("/admin/api/{}/{id}", resource.name);
        let before = world.client().get(&path).expect(200).json();
        let changeable = |field: &&Field| field.access == Access::Writable && !world.is_ruled(resource, field.name);
        for field in resource.fields.iter().filter(changeable) {
            let Some(value) = other(field) else { continue };
            let answer = world.client().patch(&path, &body(resource, &id, &json!({field.name: value}))).expect(200);
            assert_eq!(answer.json()["data"]["attributes"][field.name], value, "{}", field.name);
            let after = world.client().get(&path).expect(200).json();
            for unchanged in
                resource.fields.iter().filter(|other| other.column != field.column && other.name != "updatedAt")
            {
                if unchanged.access == Access::Writable && !changeable(&unchanged) {
                    continue;
                }
                let of = |document: &Value| document["data"]["attributes"][unchanged.name].clone();
                if other(unchanged).is_none() || unchanged.access != Access::Writable {
                    assert_eq!(of(&after), of(&before), "{} after {}", unchanged.name, field.name);
                }
            }
            assert_eq!(after["data"]["relationships"], before["data"]["relationships"], "after {}", field.name);
        }
    });
}

/// "Unknown members are rejected": 400 `extra fields constraint`, naming them.
#[test]
fn unknown_members_are_refused() {
    each(updatable(), |world, resource| {
        let id = world.record(resource);
        let path = format!("/admin/api/{}/{id}", resource.name);
        let text = "This form should not contain extra fields: \"noSuchThing\".";
        for part in ["attributes", "relationships"] {
            let mut change = body(resource, &id, &json!({}));
            change["data"][part] = json!({"noSuchThing": {"data": null}});
            let error = world.client().patch(&path, &change).expect(400).error();
            assert_eq!((&error["title"], &error["detail"]), (&json!("extra fields constraint"), &json!(text)));
            if resource.actions.create {
                let mut create = world.create_body(resource);
                create["data"][part]["noSuchThing"] = json!({"data": null});
                let error = world.client().post(&format!("/admin/api/{}", resource.name), &create).expect(400).error();
                assert_eq!((&error["title"], &error["detail"]), (&json!("extra fields constraint"), &json!(text)));
            }
        }
    });
}

/// A value of another type is 400 at its place, and changes nothing.
#[test]
fn wrong_types_are_refused_at_their_place() {
    each(updatable(), |world, resource| {
        let id = world.record(resource);
        let path = format!("/admin/api/{}/{id}", resource.name);
        let before = world.client().get(&path).expect(200).json();
        for field in resource.fields.iter().filter(|field| matches!(field.access, Access::Writable | Access::WriteOnly))
        {
            let Some(value) = wrong(field) else { continue };
            let answer = world.client().patch(&path, &body(resource, &id, &json!({field.name: value}))).expect(400);
            let places = errors(&answer);
            let place = format!("/data/attributes/{}", field.name);
            assert!(places.iter().any(|(_, pointer)| *pointer == place), "{places:?}");
        }
        for relation in settable(resource) {
            let place = format!("/data/relationships/{}/data", relation.name);
            let change = |linkage: Value| {
                let mut change = body(resource, &id, &json!({}));
                change["data"]["relationships"] = json!({relation.name: {"data": linkage}});
                let answer = world.client().patch(&path, &change).expect(400);
                errors(&answer).remove(0)
            };
            let wrap = |one: Value| if relation.is_many() { json!([one]) } else { one };
            let index = if relation.is_many() { "/0" } else { "" };
            let (title, pointer) = change(wrap(json!({"type": "addresstypes", "id": "billing"})));
            assert_eq!((title.as_str(), pointer), ("entity type constraint", format!("{place}{index}/type")));
            let (title, pointer) = change(wrap(json!({"type": relation.target.name, "id": no_id(relation.target)})));
            let expected = match relation.name {
                "topic" if resource.name == "webhooks" => "valid webhook topic constraint",
                "format" if resource.name == "webhooks" => "valid webhook format constraint",
                _ => "form constraint",
            };
            assert_eq!((title.as_str(), pointer), (expected, format!("{place}{index}")), "{}", relation.name);
            let (title, pointer) = change(if relation.is_many() { json!(null) } else { json!([]) });
            assert_eq!((title.as_str(), pointer), ("request data constraint", place.clone()), "{}", relation.name);
        }
        let after = world.client().get(&path).expect(200).json();
        assert_eq!(before["data"], after["data"]);
    });
}

fn settable(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    resource.visible_relations().filter(|relation| relation.access == Access::Writable)
}

/// "Read-only known members are silently ignored", whatever is sent for them.
#[test]
fn read_only_members_are_ignored() {
    each(updatable(), |world, resource| {
        let id = world.record(resource);
        let path = format!("/admin/api/{}/{id}", resource.name);
        let before = world.client().get(&path).expect(200).json();
        let mut change = body(resource, &id, &json!({}));
        for field in
            resource.fields.iter().filter(|field| matches!(field.access, Access::ReadOnly | Access::CreateOnly))
        {
            change["data"]["attributes"][field.name] = json!({"no": ["such", "value"]});
        }
        for relation in resource.visible_relations() {
            if matches!(relation.access, Access::ReadOnly | Access::CreateOnly) {
                let one = json!({"type": relation.target.name, "id": no_id(relation.target)});
                let data = if relation.is_many() { json!([one]) } else { one };
                change["data"]["relationships"][relation.name] = json!({"data": data});
            }
        }
        let answer = world.client().patch(&path, &change).expect(200).json();
        assert_eq!(answer["data"], before["data"], "nothing has changed, the time stamp neither");
    });
}

/// 404 for a record that does not exist, 409 for another type or id, 400 for an id of another form.
#[test]
fn records_that_are_not_there() {
    each(updatable(), |world, resource| {
        let id = no_id(resource);
        let path = format!("/admin/api/{}/{id}", resource.name);
        world.client().patch(&path, &body(resource, id, &json!({}))).expect(404);
        if resource.actions.delete {
            world.client().delete(&path).expect(404);
        }
        let other = json!({"data": {"type": "nothing", "id": id}});
        assert_eq!(errors(&world.client().patch(&path, &other).expect(409))[0].1, "/data/type");
        let other = body(resource, "another", &json!({}));
        assert_eq!(errors(&world.client().patch(&path, &other).expect(409))[0].1, "/data/id");
        if resource.id.kind != IdKind::Text {
            let answer = world.client().patch(&format!("/admin/api/{}/abc", resource.name), &other).expect(400);
            assert_eq!(answer.error()["title"], "entity identifier constraint");
        }
    });
}

/// Without a token 401 with an empty body; without a right 403.
#[test]
fn nobody_writes_without_a_right() {
    let world = World::new();
    let nobody = world.organization().server.client();
    let viewer = world.organization().user_who_may(&json!({"*": {"VIEW": "organization"}})).client;
    let requests = |client: &Client, resource: &'static Resource, id: &str| -> Vec<Answer> {
        let collection = format!("/admin/api/{}", resource.name);
        let item = format!("{collection}/{id}");
        let mut answers = Vec::new();
        if resource.actions.create {
            answers.push(client.post(&collection, &world.create_body(resource)));
        }
        if resource.actions.update {
            answers.push(client.patch(&item, &body(resource, id, &json!({}))));
        }
        if resource.actions.delete {
            answers.push(client.delete(&item));
        }
        answers
    };
    for resource in ALL.iter().copied().filter(|resource| !resource.singleton) {
        let id = if resource.actions.update { world.record(resource) } else { no_id(resource).to_owned() };
        for answer in requests(&nobody, resource, &id) {
            assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{}", resource.name);
            assert!(!answer.header("WWW-Authenticate").is_empty());
        }
        for answer in requests(&viewer, resource, &id) {
            assert_eq!(answer.status, 403, "{}: {}", resource.name, answer.text);
            let title = answer.error()["title"].clone();
            assert_eq!(title, "access denied exception", "{}", resource.name);
        }
        if resource.actions.update {
            world.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200);
        }
    }
}

/// A part that is deleted, and everything that is created, changed or deleted leaves a change row; a PATCH that changes
/// nothing leaves none.
#[test]
fn every_change_leaves_a_row() {
    each(creatable(), |world, resource| {
        let path = format!("/admin/api/{}", resource.name);
        let id = world.client().post(&path, &world.create_body(resource)).expect(201).id();
        let item = format!("{path}/{id}");
        let first = vec!["created".to_owned()];
        assert_eq!(world.changes(resource, &id), first);
        if resource.actions.update {
            world.client().patch(&item, &body(resource, &id, &json!({}))).expect(200);
            assert_eq!(world.changes(resource, &id), first, "nothing was changed");
        }
        if resource.actions.delete {
            world.client().delete(&item).expect(204);
            assert_eq!(world.changes(resource, &id), ["created", "deleted"]);
        }
    });
}

/// Two simultaneous upserts of one key: one 201, the others 200; nobody sees 400, 409 or a fault of the server.
#[test]
fn simultaneous_upserts_make_one_record() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 5;
    each(creatable().filter(|resource| resource.unique.iter().any(|key| key.upsert)), |world, resource| {
        let client = world.client();
        for key in resource.unique.iter().filter(|key| key.upsert) {
            for _ in 0..ROUNDS {
                let mut body = world.create_body(resource);
                for member in key.members {
                    if resource.relation(member).is_none() && body["data"]["attributes"].get(member).is_none() {
                        body["data"]["attributes"][member] = json!(unique("key"));
                    }
                }
                body["data"]["meta"] = json!({"upsert": key.members});
                let path = format!("/admin/api/{}", resource.name);
                let answers: Vec<Answer> = std::thread::scope(|scope| {
                    let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| client.post(&path, &body))).collect();
                    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
                });
                for answer in &answers {
                    assert!([200, 201].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
                    assert_eq!(answer.id(), answers[0].id(), "{path}");
                }
                let created = answers.iter().filter(|answer| answer.status == 201).count();
                assert_eq!(created, 1, "{path}");
            }
        }
    });
}

/// "DELETE collection" with a filter that nothing matches is 204, whatever ids the resource has.
#[test]
fn a_deletion_that_matches_nothing_is_done() {
    each(
        ALL.iter().copied().filter(|resource| resource.actions.delete_list && !resource.singleton),
        |world, resource| {
            let path = format!("/admin/api/{}?filter[id]={}", resource.name, no_id(resource));
            world.client().delete(&path).expect(204);
        },
    );
}
