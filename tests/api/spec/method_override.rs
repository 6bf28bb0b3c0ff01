//! GET as a POST with `X-HTTP-Method-Override` (contract 1).

use reqwest::Method;
use serde_json::json;

use crate::support::organization::Organization;
use crate::support::rows::{attribute, customers};

// The filters are read from the body, nested or flat, as well as from the query string; the header in any letter case.
#[test]
fn filters_in_the_body() {
    let organization = Organization::new();
    customers(&organization, &["A", "B", "C"]);
    let client = organization.client();
    let get = |path: &str, word: &str, body: serde_json::Value| {
        client.send(Method::POST, path, |request| {
            request
                .header("X-HTTP-Method-Override", word)
                .header("Content-Type", "application/vnd.api+json")
                .body(body.to_string())
        })
    };
    for body in [
        json!({"filter": {"name": {"neq": "B"}}, "sort": "-name"}),
        json!({"filter[name][neq]": "B", "sort": "-name"}),
        json!({"filter": {"name[neq]": "B"}, "sort": ["-name"], "page": {"size": 2}}),
    ] {
        for word in ["GET", "get", "Get"] {
            let answer = get("/admin/api/customers", word, body.clone()).expect(200);
            assert_eq!(attribute(&answer, "name"), ["C", "A"], "{body}");
        }
    }
    let both = get("/admin/api/customers?filter[name][neq]=A", "GET", json!({"filter": {"name": {"neq": "B"}}}));
    assert_eq!(attribute(&both.expect(200), "name"), ["A", "C"]);
    let refused = get("/admin/api/customers", "GET", json!({"filter": {"nothing": 1}})).expect(400);
    assert_eq!(refused.error()["source"]["parameter"], "filter[nothing]");
    let broken = client.send(Method::POST, "/admin/api/customers", |request| {
        request.header("X-HTTP-Method-Override", "GET").body("{")
    });
    assert_eq!(broken.expect(400).error()["title"], "bad request http exception");
}
