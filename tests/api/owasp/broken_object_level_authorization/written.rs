//! API1, in bodies: foreign ids in records of batches, in atomic operations and in included records.

use entrepot::engine::relation::Relation;
use entrepot::engine::resource::Resource;
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::{foreign, settable, told};
use crate::every_resource::bodies::{World, no_id};
use crate::spec::atomic::operate;
use crate::support::client::{Answer, Client, JSON_API};

/// Resources whose records can be sent in a batch as updates.
fn batched() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.update && resource.actions.list && !resource.singleton)
}

fn batch(client: &Client, kind: &str, body: &Value) -> Answer {
    client.send(Method::PATCH, &format!("/admin/api/{kind}"), |request| {
        request.header("Content-Type", JSON_API).header("X-Mode", "sync").body(body.to_string())
    })
}

fn update(kind: &str, id: &str, relationships: &Value) -> Value {
    json!({"type": kind, "id": id, "relationships": relationships})
}

fn linkage(relation: &Relation, id: &str) -> Value {
    let one = json!({"type": relation.target.name, "id": id});
    json!({relation.name: {"data": if relation.is_many() { json!([one]) } else { one }}})
}

/// A record of a batch takes no relationship with a record of another organization, nor tells that there is one.
#[test]
fn ids_of_another_organization_in_every_relationship_of_a_batch() {
    let (ours, theirs) = (World::new(), World::new());
    for resource in batched() {
        let own = ours.record(resource);
        for relation in settable(resource) {
            let send = |id: &str| {
                let mut record = update(resource.name, &own, &linkage(relation, id));
                record["meta"] = json!({"update": true});
                batch(ours.client(), resource.name, &json!({"data": [record]}))
            };
            let of = format!("{} of {}", relation.name, resource.name);
            let refused = send(&theirs.record(relation.target));
            assert_eq!(refused.status, 400, "{of}: {}", refused.text);
            assert_eq!(refused.error()["detail"], "The entity does not exist.", "{of}");
            assert_eq!(told(&refused), told(&send(no_id(relation.target))), "{of}");
        }
    }
}

/// So an atomic operation.
#[test]
fn ids_of_another_organization_in_every_relationship_of_atomic_operations() {
    let (ours, theirs) = (World::new(), World::new());
    for resource in batched() {
        let own = ours.record(resource);
        for relation in settable(resource) {
            let send = |id: &str| {
                let data = update(resource.name, &own, &linkage(relation, id));
                operate(ours.client(), &json!({"atomic:operations": [{"op": "update", "data": data}]}))
            };
            let of = format!("{} of {}", relation.name, resource.name);
            let refused = send(&theirs.record(relation.target));
            assert!(
                refused.status == 400 && refused.text.contains("The entity does not exist."),
                "{of}: {}",
                refused.text
            );
            assert_eq!(told(&refused), told(&send(no_id(relation.target))), "{of}");
        }
    }
}

/// Records of another organization are neither changed nor removed by a batch or by an atomic operation, and are answered as
/// records which never were.
#[test]
fn ids_of_another_organization_in_records_of_batches_and_atomic_operations() {
    let (ours, theirs) = (World::new(), World::new());
    let client = ours.client();
    for resource in foreign() {
        let id = theirs.record(resource);
        let before = theirs.changes(resource, &id);
        let same = |of: &str, send: &dyn Fn(&str) -> Answer| {
            let (at_theirs, at_none) = (send(&id), send(no_id(resource)));
            assert_eq!(at_theirs.status, 404, "{of}: {}", at_theirs.text);
            assert_eq!(told(&at_theirs), told(&at_none), "{of}");
        };
        let reference = |id: &str| json!({"type": resource.name, "id": id});
        if resource.actions.update && resource.actions.list {
            same(&format!("a batch of {}", resource.name), &|id| {
                let mut record = reference(id);
                record["meta"] = json!({"update": true});
                batch(client, resource.name, &json!({"data": [record]}))
            });
        }
        if resource.actions.update {
            same(&format!("an update of {}", resource.name), &|id| {
                operate(client, &json!({"atomic:operations": [{"op": "update", "data": reference(id)}]}))
            });
        }
        if resource.actions.delete {
            same(&format!("a removal of {}", resource.name), &|id| {
                operate(client, &json!({"atomic:operations": [{"op": "remove", "ref": reference(id)}]}))
            });
        }
        for relation in resource.visible_relations().filter(|relation| relation.routes && relation.relationship_writes)
        {
            same(&format!("a change of {} of {}", relation.name, resource.name), &|id| {
                let mut of = reference(id);
                of["relationship"] = json!(relation.name);
                let data = if relation.is_many() { json!([]) } else { json!(null) };
                operate(client, &json!({"atomic:operations": [{"op": "update", "ref": of, "data": data}]}))
            });
        }
        assert_eq!(theirs.changes(resource, &id), before, "{}", resource.name);
        theirs.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200);
    }
}

/// A record that comes along to be changed (`meta.update`) is one's own, in a single request as in a batch.
#[test]
fn ids_of_another_organization_in_included_records() {
    let (ours, theirs) = (World::new(), World::new());
    let mut tried = 0;
    for resource in batched() {
        let own = ours.record(resource);
        for relation in settable(resource) {
            let id = theirs.record(relation.target);
            let before = theirs.changes(relation.target, &id);
            let send = |id: &str, many: bool| {
                let mut record = update(resource.name, &own, &linkage(relation, id));
                let included = json!([{"type": relation.target.name, "id": id, "meta": {"update": true}}]);
                if many {
                    record["meta"] = json!({"update": true});
                    return batch(ours.client(), resource.name, &json!({"data": [record], "included": included}));
                }
                let path = format!("/admin/api/{}/{own}", resource.name);
                ours.client().patch(&path, &json!({"data": record, "included": included}))
            };
            for many in [false, true] {
                let of = format!("{} of {}, in a batch: {many}", relation.name, resource.name);
                let refused = send(&id, many);
                assert!([400, 404].contains(&refused.status), "{of}: {} {}", refused.status, refused.text);
                assert_eq!(told(&refused), told(&send(no_id(relation.target), many)), "{of}");
            }
            assert_eq!(theirs.changes(relation.target, &id), before, "{} of {}", relation.name, resource.name);
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}
