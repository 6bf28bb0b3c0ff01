//! What is accepted, and what is refused before anything is stored.

use entrepot::engine::split::Format;
use reqwest::Method;
use serde_json::json;

use super::{CUSTOMERS, GROUPS, group, gzip, leftovers, send};
use crate::support::organization::{Organization, unique};

const NDJSON: &str = "application/x-ndjson";

/// "Reply: **202**, `Content-Location`, body = the `asyncoperations` resource" (contract 19).
#[test]
fn a_batch_is_answered_with_its_operation() {
    let organization = Organization::new();
    let body = json!({"data": [group("a", &unique("Group"))]}).to_string();
    let answer = send(organization.client(), GROUPS, &[], body).expect(202);
    let document = answer.json();
    assert_eq!(document["data"]["type"], "asyncoperations");
    assert_eq!(document["data"]["attributes"]["entityType"], "customergroups");
    let url = answer.header("content-location");
    assert!(url.starts_with("http://"), "absolute: {url}");
    assert_eq!(document["data"]["links"]["self"], url);
    assert!(url.ends_with(&format!("/admin/api/asyncoperations/{}", document["data"]["id"].as_str().unwrap())));
    let path = &url[url.find("/admin").unwrap()..];
    assert_eq!(organization.client().get(path).expect(200).json()["data"]["id"], document["data"]["id"]);
}

/// "the same document as NDJSON (`application/x-ndjson`, one resource object a line) and as CSV with a mapping
/// (`text/csv`, header names = field names) on the same route"; gzip is accepted.
#[test]
fn every_format_is_accepted_packed_or_not() {
    let organization = Organization::new();
    let name = unique("Group");
    let bodies = [
        ("application/vnd.api+json", json!({"data": [group("a", &name)]}).to_string()),
        ("application/json", json!({"data": [group("a", &name)]}).to_string()),
        (NDJSON, group("a", &name).to_string()),
        ("application/x-ndjson; charset=utf-8", group("a", &name).to_string()),
        ("text/csv", format!("name\n{name}\n")),
        ("text/csv; charset=UTF-8; header=present", format!("name\n{name}\n")),
    ];
    for (media_type, body) in bodies {
        send(organization.client(), GROUPS, &[("Content-Type", media_type)], body.clone()).expect(202);
        let headers = [("Content-Type", media_type), ("Content-Encoding", "gzip")];
        send(organization.client(), GROUPS, &headers, gzip(body.as_bytes())).expect(202);
    }
    for media_type in ["text/csv; charset=latin1", "text/csv; header=absent", "text/plain", "application/xml"] {
        let error =
            send(organization.client(), GROUPS, &[("Content-Type", media_type)], "name\nA\n").expect(415).error();
        assert_eq!(error["source"]["header"], "Content-Type", "{media_type}");
    }
    let error = send(organization.client(), GROUPS, &[("Content-Encoding", "br")], "x").expect(415).error();
    assert_eq!(error["source"]["header"], "Content-Encoding");
    // Elsewhere a document is JSON:API.
    let single = |method, path: &str| {
        organization.client().send(method, path, |request| request.header("Content-Type", NDJSON).body("{}"))
    };
    single(Method::POST, GROUPS).expect(415);
    single(Method::PATCH, &format!("{GROUPS}/1")).expect(415);
}

/// "an empty body is 400 `request data constraint` `The request data should not be empty.`" (contract 19).
#[test]
fn an_empty_body_is_refused_at_once() {
    let organization = Organization::new();
    for body in [Vec::new(), b" \n ".to_vec()] {
        for headers in [vec![], vec![("X-Mode", "sync")], vec![("Content-Type", NDJSON)]] {
            let error = send(organization.client(), GROUPS, &headers, body.clone()).expect(400).error();
            assert_eq!(error["title"], "request data constraint");
            assert_eq!(error["detail"], "The request data should not be empty.");
        }
    }
    let packed = send(organization.client(), GROUPS, &[("Content-Encoding", "gzip")], gzip(b"")).expect(400);
    assert_eq!(packed.error()["detail"], "The request data should not be empty.");
    assert_eq!(leftovers(&organization), 0);
}

/// "wrong `X-Mode` | 400 | `invalid header value exception` | `The accepted values for the "X-Mode" are "sync" or
/// "async".`" (contract 17).
#[test]
fn the_mode_is_sync_or_async() {
    let organization = Organization::new();
    let body = json!({"data": [group("a", &unique("Group"))]}).to_string();
    send(organization.client(), GROUPS, &[("X-Mode", "async")], body.clone()).expect(202);
    let error = send(organization.client(), GROUPS, &[("X-Mode", "later")], body).expect(400).error();
    assert_eq!(error["title"], "invalid header value exception");
    assert_eq!(error["detail"], "The accepted values for the \"X-Mode\" are \"sync\" or \"async\".");
}

/// "authorisation: CREATE on async operations (`No access to create the asynchronous operation.`)" (contract 19).
#[test]
fn who_may_not_create_operations_is_refused_before_the_body_is_read() {
    let organization = Organization::new();
    let user =
        organization.user_who_may(&json!({"customergroups": {"CREATE": "organization", "VIEW": "organization"}}));
    for mode in ["sync", "async"] {
        let error = send(&user.client, GROUPS, &[("X-Mode", mode)], "no JSON").expect(403).error();
        assert_eq!(error["title"], "access denied exception");
        assert_eq!(error["detail"], "No access to create the asynchronous operation.");
    }
    let answer = send(&organization.server.client(), GROUPS, &[], "no JSON").expect(401);
    assert!(answer.text.is_empty());
    let shop = organization.storefront_user();
    send(&shop.client, GROUPS, &[], "{}").expect(401);
}

/// "OPTIONS on every route: 200, empty body, `Allow` with the methods enabled for that resource in the order OPTIONS,
/// GET, PATCH, POST, DELETE" (contract 18).
#[test]
fn the_method_is_told_where_it_is() {
    let organization = Organization::new();
    let allow = |path: &str| {
        let answer = organization.server.client().send(Method::OPTIONS, path, |request| request).expect(200);
        answer.header("allow").to_owned()
    };
    assert_eq!(allow(GROUPS), "OPTIONS, GET, PATCH, POST, DELETE");
    assert_eq!(allow("/admin/api/inventorylevels"), "OPTIONS, GET, PATCH");
    assert_eq!(allow("/admin/api/countries"), "OPTIONS, GET");
    assert!(!allow("/api/customers").contains("PATCH"), "no collection of the storefront takes batches");
    let answer = send(organization.client(), "/admin/api/countries", &[], "{}").expect(405);
    assert_eq!(answer.header("allow"), "OPTIONS, GET");
}

#[test]
fn unknown_parameters_are_refused() {
    let organization = Organization::new();
    let path = format!("{CUSTOMERS}?filter[name]=A");
    let error = send(organization.client(), &path, &[], "{}").expect(400).error();
    assert_eq!(error["source"]["parameter"], "filter[name]");
}

/// "the same body sent twice with the same `Idempotency-Key` is one operation".
#[test]
fn a_body_sent_again_is_one_operation() {
    let organization = Organization::new();
    let key = unique("key");
    let body = json!({"data": [group("a", &unique("Group"))]}).to_string();
    let keyed = |body: &str| send(organization.client(), GROUPS, &[("Idempotency-Key", &key)], body);
    let first = keyed(&body).expect(202);
    let second = keyed(&body).expect(202);
    assert_eq!(second.text, first.text);
    assert_eq!(second.header("content-location"), first.header("content-location"));
    assert_eq!(second.header("idempotency-replayed"), "true");
    let other = json!({"data": [group("a", "Other")]}).to_string();
    assert_eq!(keyed(&other).expect(422).error()["code"], "idempotency-key-reused");
    assert_eq!(leftovers(&organization), 0);
}

#[test]
fn formats_have_stable_names() {
    let names = [Format::Json, Format::Ndjson, Format::Csv].map(|format| serde_json::to_value(format).unwrap());
    assert_eq!(names, [json!("json"), json!("ndjson"), json!("csv")]);
}
