//! API5: functions that are for others, called all the same.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

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

/// A user of the back office without any permission changes nothing, by whatever operation.
#[test]
fn every_change_without_a_permission() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({})).client;
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    for (root, method, path) in operations(&organization) {
        if root != "/admin/api" || method == Method::GET || path.ends_with("/operations") {
            continue;
        }
        let path = if method == Method::DELETE && !path.contains("/1") { format!("{path}?filter[id]=1") } else { path };
        let answer = user.send(method.clone(), &path, |request| {
            request.header("Content-Type", JSON_API).body(body(&path).to_string())
        });
        // 400 and 409: the body is not one of this operation. Not one is done.
        assert!([400, 403, 404, 409].contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text);
        *answers.entry(answer.status).or_default() += 1;
    }
    assert!(answers[&403] > 100, "{answers:?}");
}
