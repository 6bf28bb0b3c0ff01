//! Content negotiation (contract 2, and JSON:API 1.1 where it allows more).

use reqwest::Method;

use crate::support::organization::Organization;

fn get(organization: &Organization, accept: &str) -> u16 {
    let send = |request: reqwest::blocking::RequestBuilder| request.header("Accept", accept);
    organization.client().send(Method::GET, "/admin/api/customers", send).status
}

// JSON:API is the answer to every client that can take it.
#[test]
fn accepted() {
    let organization = Organization::new();
    for accept in [
        "application/vnd.api+json",
        "application/vnd.api+json;q=0.5",
        "application/json",
        "application/*",
        "*/*",
        "text/html, */*;q=0.1",
        "application/vnd.api+json;profile=\"https://example.org/any\"",
        "application/vnd.api+json;charset=utf-8, application/vnd.api+json",
    ] {
        assert_eq!(get(&organization, accept), 200, "{accept}");
    }
}

// Only in forms with unknown parameters, or not at all: 406.
#[test]
fn not_acceptable() {
    let organization = Organization::new();
    for accept in [
        "application/vnd.api+json;charset=utf-8",
        "application/vnd.api+json;ext=\"https://example.org/unknown\"",
        "application/vnd.api+json;charset=utf-8, */*",
        "text/html",
    ] {
        assert_eq!(get(&organization, accept), 406, "{accept}");
    }
    let send = |request: reqwest::blocking::RequestBuilder| request.header("Accept", "text/html");
    let answer = organization.client().send(Method::GET, "/admin/api/customers", send).expect(406);
    assert_eq!(answer.error()["title"], "not acceptable http exception");
}

// A Content-Type on a GET is nobody's concern; on a body it may have no unknown parameter.
#[test]
fn content_type() {
    let organization = Organization::new();
    let client = organization.client();
    let with = |method: Method, kind: &'static str, body: &'static str| {
        client.send(method, "/admin/api/customers", |request| request.header("Content-Type", kind).body(body)).status
    };
    assert_eq!(with(Method::GET, "application/vnd.api+json; charset=utf-8", ""), 200);
    assert_eq!(with(Method::POST, "application/vnd.api+json; charset=utf-8", "{}"), 415);
    assert_eq!(with(Method::POST, "text/plain", "{}"), 415);
    assert_eq!(with(Method::POST, "application/vnd.api+json", "{}"), 400);
}
