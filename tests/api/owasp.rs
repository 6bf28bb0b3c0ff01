//! The OWASP API Security Top 10 of 2023: a file for each item, each test named after the attack.
//!
//! Attacks on what every resource has are driven from the registry. Where an attack is on one way in, its test stands with
//! that way in; docs/security.md has the table.

mod broken_authentication;
mod broken_function_level_authorization;
mod broken_object_level_authorization;
mod broken_object_property_level_authorization;
mod improper_inventory_management;
mod injection;
mod security_misconfiguration;
mod server_side_request_forgery;
mod unrestricted_access_to_sensitive_business_flows;
mod unrestricted_resource_consumption;
mod unsafe_consumption_of_apis;

use reqwest::Method;

use crate::support::client::{Answer, JSON_API};
use crate::support::organization::Organization;

/// What a client may be told of its own faults.
const REFUSALS: &[u16] = &[400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 431];

/// Done or refused, and never a fault of the server.
#[track_caller]
pub fn survived(answer: &Answer, what: &str) {
    let fine = answer.status < 300 || REFUSALS.contains(&answer.status);
    assert!(fine, "{what}: {} {}", answer.status, answer.text);
    if answer.header("Content-Type").starts_with(JSON_API) {
        answer.json();
    }
}

/// A request with those bytes as its body.
pub fn raw(organization: &Organization, method: Method, path: &str, body: Vec<u8>) -> Answer {
    organization.client().send(method, path, |request| request.header("Content-Type", JSON_API).body(body))
}

/// The body of a customer with that text, as written, for the value of an attribute.
pub fn with_attribute(name: &str, text: &str) -> Vec<u8> {
    format!(r#"{{"data":{{"type":"customers","attributes":{{"name":"A","{name}":{text}}}}}}}"#).into_bytes()
}
