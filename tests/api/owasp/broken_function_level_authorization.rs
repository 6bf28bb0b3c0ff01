//! API5: functions that are for others, called all the same.

use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use crate::every_resource::bodies::World;
use crate::support::client::JSON_API;
use crate::support::organization::Organization;

/// Every operation of both API documents that asks for credentials: method and path with an id in it.
fn operations(organization: &Organization) -> Vec<(&'static str, Method, String)> {
    let mut found = Vec::new();
    for root in ["/admin/api", "/api"] {
        let document = organization.server.client().get(&format!("{root}/openapi.json")).expect(200).json();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().iter().filter(|(_, operation)| {
                let free = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
                operation.is_object() && !free
            });
            for (method, _) in methods {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                found.push((root, method, path.replace("{id}", "1")));
            }
        }
    }
    assert!(found.len() > 500, "{}", found.len());
    found
}

/// A body that is good as far as it can be told without rights.
fn body(path: &str) -> Value {
    let name = path.split('/').find(|segment| !["", "admin", "api"].contains(segment)).unwrap_or_default();
    json!({"data": {"type": name, "id": "1", "attributes": {}}})
}

/// "Failure -> 401, empty body": no operation answers a caller without credentials.
#[test]
fn every_operation_without_credentials() {
    let organization = Organization::new();
    let nobody = organization.server.client();
    for (_, method, path) in operations(&organization) {
        let answer = nobody.send(method.clone(), &path, |request| {
            request.header("Content-Type", JSON_API).body(body(&path).to_string())
        });
        assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{method} {path}");
    }
}

/// "Credentials of one API do not work on the other: 401", on any of its operations.
#[test]
fn every_operation_with_the_token_of_the_other_api() {
    let organization = Organization::new();
    let shopper = organization.storefront_user().client;
    for (root, method, path) in operations(&organization) {
        let stranger = if root == "/api" { organization.client() } else { &shopper };
        let answer = stranger.send(method.clone(), &path, |request| {
            request.header("Content-Type", JSON_API).body(body(&path).to_string())
        });
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
    }
}

const ATOMIC: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";

/// A user of the back office without any permission changes nothing, by whatever operation, however good the request is.
#[test]
fn every_change_without_a_permission() {
    let world = World::new();
    let user = world.organization().user_who_may(&json!({})).client;
    let mut tried = 0;
    for resource in ALL.iter().copied().filter(|resource| !resource.singleton) {
        let path = format!("/admin/api/{}", resource.name);
        let mut refused = |method: Method, path: &str, body: Option<Value>| {
            let answer = user.send(method.clone(), path, |request| match body {
                Some(body) => request.header("Content-Type", JSON_API).body(body.to_string()),
                None => request,
            });
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
            tried += 1;
        };
        let made = resource.actions.create.then(|| world.create_body(resource));
        if let Some(body) = &made {
            refused(Method::POST, &path, Some(body.clone()));
        }
        if !resource.actions.update && !resource.actions.delete {
            continue;
        }
        let id = world.record(resource);
        if resource.actions.delete_list {
            refused(Method::DELETE, &format!("{path}?filter[id]={id}"), None);
        }
        let path = format!("{path}/{id}");
        if resource.actions.update {
            refused(Method::PATCH, &path, Some(json!({"data": {"type": resource.name, "id": id}})));
        }
        if resource.actions.delete {
            refused(Method::DELETE, &path, None);
        }
        for relation in resource.visible_relations().filter(|relation| relation.routes && relation.relationship_writes)
        {
            let path = format!("{path}/relationships/{}", relation.name);
            if relation.is_many() {
                refused(Method::POST, &path, Some(json!({"data": []})));
                refused(Method::DELETE, &path, Some(json!({"data": []})));
            }
            let data = if relation.is_many() { json!([]) } else { json!(null) };
            refused(Method::PATCH, &path, Some(json!({"data": data})));
        }
        // The same by atomic operations, each alone and behind one that is allowed to nobody either.
        let alone =
            made.filter(|body| body.get("included").is_none()).map(|body| json!({"op": "add", "data": body["data"]}));
        let record = json!({"type": resource.name, "id": id});
        let update = resource.actions.update.then(|| json!({"op": "update", "data": record}));
        let remove = resource.actions.delete.then(|| json!({"op": "remove", "ref": record}));
        for operation in [alone, update, remove].into_iter().flatten() {
            let answer = user.send(Method::POST, "/admin/api/operations", |request| {
                let body = json!({"atomic:operations": [operation]}).to_string();
                request.header("Content-Type", ATOMIC).body(body)
            });
            assert_eq!(answer.status, 403, "{operation}: {}", answer.text);
            tried += 1;
        }
        world.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200);
    }
    assert!(tried > 400, "{tried}");
}
