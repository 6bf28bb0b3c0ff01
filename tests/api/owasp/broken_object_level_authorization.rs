//! API1: records of others, reached by guessing their ids.

mod bulk;
mod listed;
mod oracles;
mod other_names;
mod written;

use entrepot::engine::field::Access;
use entrepot::engine::filter::Operator;
use entrepot::engine::query::filter;
use entrepot::engine::relation::Relation;
use entrepot::engine::resource::Resource;
use entrepot::resources::ALL;
use entrepot::storefront;
use reqwest::Method;
use serde_json::{Value, json};

use crate::every_resource::bodies::{World, no_id};
use crate::support::client::Answer;

/// Resources of which each organization has records of its own, those that cannot be changed too.
fn foreign() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.tenant.is_some() && resource.actions.get && !resource.singleton)
}

fn settable(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    resource.visible_relations().filter(|relation| {
        relation.access == Access::Writable && relation.target.tenant.is_some() && relation.target.actions.update
    })
}

/// What an attacker can tell answers apart by: everything but the request's own id.
fn told(answer: &Answer) -> (u16, String) {
    let mut document = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
    for error in document["errors"].as_array_mut().into_iter().flatten() {
        error["id"] = json!(null);
    }
    (answer.status, document.to_string())
}

/// "Nothing crosses organizations": on no route of a record, and with the very answer that a record has which never was.
#[test]
fn ids_of_another_organization_on_every_route() {
    let (ours, theirs) = (World::new(), World::new());
    let client = ours.client();
    for resource in foreign() {
        let (id, absent) = (theirs.record(resource), no_id(resource));
        let alike = |method: Method, tail: &str, body: Option<Value>| {
            let send = |id: &str| {
                let path = format!("/admin/api/{}/{id}{tail}", resource.name);
                let text = body.as_ref().map(|body| body.to_string().replace("\"ID\"", &format!("\"{id}\"")));
                client.send(method.clone(), &path, |request| match text {
                    Some(text) => request.header("Content-Type", "application/vnd.api+json").body(text),
                    None => request,
                })
            };
            let (at_theirs, at_none) = (send(&id), send(absent));
            let of = format!("{method} {}{tail}", resource.name);
            assert_eq!(told(&at_theirs), told(&at_none), "{of}");
            assert_eq!(at_theirs.status, 404, "{of}: {}", at_theirs.text);
        };
        alike(Method::GET, "", None);
        if resource.actions.update {
            alike(Method::PATCH, "", Some(json!({"data": {"type": resource.name, "id": "ID"}})));
        }
        if resource.actions.delete {
            alike(Method::DELETE, "", None);
        }
        for relation in resource.visible_relations().filter(|relation| relation.routes) {
            alike(Method::GET, &format!("/{}", relation.name), None);
            let tail = format!("/relationships/{}", relation.name);
            alike(Method::GET, &tail, None);
            if relation.relationship_writes {
                let data = if relation.is_many() { json!([]) } else { json!(null) };
                alike(Method::PATCH, &tail, Some(json!({"data": data})));
            }
        }
        theirs.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200);
    }
}

/// Lists and their totals: filtered by a record of another organization they are empty, and deleting them deletes nothing.
#[test]
fn ids_of_another_organization_in_filters_and_totals() {
    let (ours, theirs) = (World::new(), World::new());
    for resource in foreign().filter(|resource| resource.actions.list && resource.mandatory_filters.is_empty()) {
        let id = theirs.record(resource);
        let path = format!("/admin/api/{}?filter[id]={id}", resource.name);
        let count = |method: Method, header: &str| {
            let include = "totalCount;deletedCount";
            let answer = ours.client().send(method, &path, |request| request.header("X-Include", include));
            assert!(answer.status < 300, "{path}: {}", answer.text);
            answer.header(header).to_owned()
        };
        assert_eq!(count(Method::GET, "X-Include-Total-Count"), "0", "{path}");
        if resource.actions.delete_list {
            assert_eq!(count(Method::DELETE, "X-Include-Deleted-Count"), "0", "{path}");
        }
        theirs.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200);
    }
}

/// No relationship takes a record of another organization, nor tells that there is one.
#[test]
fn ids_of_another_organization_in_every_relationship() {
    let (ours, theirs) = (World::new(), World::new());
    for resource in ALL.iter().copied().filter(|resource| resource.actions.update) {
        let own = ours.record(resource);
        let path = format!("/admin/api/{}/{own}", resource.name);
        for relation in settable(resource) {
            let send = |id: &str| {
                let one = json!({"type": relation.target.name, "id": id});
                let data = if relation.is_many() { json!([one]) } else { one };
                let relationships = json!({relation.name: {"data": data}});
                let change = json!({"data": {"type": resource.name, "id": own, "relationships": relationships}});
                ours.client().patch(&path, &change)
            };
            let (id, absent) = (theirs.record(relation.target), no_id(relation.target));
            let of = format!("{} of {}", relation.name, resource.name);
            let refused = send(&id).expect(400);
            assert_eq!(refused.error()["detail"], "The entity does not exist.", "{of}");
            assert_eq!(told(&refused), told(&send(absent)), "{of}");
        }
    }
}

/// A list filtered by what lies at the far end of a relationship answers for a record of another organization as for one that
/// never was: nothing is found, and nothing is counted.
#[test]
fn ids_of_another_organization_in_filters_through_every_relationship() {
    let (ours, theirs) = (World::new(), World::new());
    for resource in ALL.iter().copied().filter(|resource| resource.actions.list) {
        let ends = filter::relations(resource).filter(|(relation, spec)| {
            let target = relation.target;
            spec.operators.has(Operator::Eq) && target.tenant.is_some() && target.actions.get && !target.singleton
        });
        for (relation, _) in ends {
            let ask = |id: &str| {
                let others = resource.mandatory_filters.iter().filter(|name| **name != relation.name);
                let others: String = others.map(|name| format!("&filter[{name}]={id}")).collect();
                let path = format!("/admin/api/{}?filter[{}]={id}{others}", resource.name, relation.name);
                ours.client().send(Method::GET, &path, |request| request.header("X-Include", "totalCount;noHateoas"))
            };
            let (found, absent) = (ask(&theirs.record(relation.target)), ask(no_id(relation.target)));
            let of = format!("filter[{}] of {}", relation.name, resource.name);
            assert_eq!(told(&found), told(&absent), "{of}");
            assert_eq!(found.header("X-Include-Total-Count"), absent.header("X-Include-Total-Count"), "{of}");
            if found.status == 200 {
                assert_eq!(found.json()["data"], json!([]), "{of}");
            }
        }
    }
}

/// The storefront shows nothing of another organization either, on no route of a record and in no list.
#[test]
fn ids_of_another_organization_on_every_route_of_the_storefront() {
    let (ours, theirs) = (World::new(), World::new());
    let buyer = ours.organization().storefront_user().client;
    let mut tried = 0;
    for resource in storefront::ALL.iter().copied().filter(|resource| resource.tenant.is_some()) {
        let Some(kept) = foreign().find(|kept| kept.table == resource.table) else { continue };
        let (id, absent) = (theirs.record(kept), no_id(resource));
        let mut tails = vec![String::new()];
        for relation in resource.visible_relations().filter(|relation| relation.routes) {
            tails.push(format!("/{}", relation.name));
            tails.push(format!("/relationships/{}", relation.name));
        }
        for tail in tails.iter().filter(|_| resource.actions.get) {
            let get = |id: &str| buyer.get(&format!("/api/{}/{id}{tail}", resource.name));
            let (at_theirs, at_none) = (get(&id), get(absent));
            assert_eq!(told(&at_theirs), told(&at_none), "{}{tail}", resource.name);
            assert_eq!(at_theirs.status, 404, "{}{tail}: {}", resource.name, at_theirs.text);
            tried += 1;
        }
        if !resource.actions.list {
            continue;
        }
        let list = buyer.get(&format!("/api/{}?filter[id]={id}", resource.name));
        assert!(list.status == 400 || list.json()["data"] == json!([]), "{}: {}", resource.name, list.text);
    }
    assert!(tried > 30, "{tried}");
}
