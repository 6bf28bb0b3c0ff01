//! API4: requests that cost the server more than they cost who sends them.
//!
//! Slow clients are in edge/slow.rs, limits of a client in edge/rate.rs, guessed passwords in auth/refusal.rs.

mod batches;

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::{raw, survived, with_attribute};
use crate::support::client::JSON_API;
use crate::support::organization::{Organization, token};

/// A record's compressed body is not taken, so that nothing can be inflated: the bytes are read as they come, and are no JSON,
/// though they would be 256 MB of it.
#[test]
fn gzip_bombs() {
    let organization = Organization::new();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let spaces = vec![b' '; 1024 * 1024];
    (0..256).for_each(|_| bomb.write_all(&spaces).unwrap());
    bomb.write_all(br#"{"data":null}"#).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 300_000, "{}", bomb.len());
    for method in [Method::POST, Method::PATCH] {
        let path = if method == Method::POST { "/admin/api/customers" } else { "/admin/api/customers/1" };
        let answer = organization.client().send(method, path, |request| {
            request.header("Content-Type", JSON_API).header("Content-Encoding", "gzip").body(bomb.clone())
        });
        let error = answer.expect(400).error();
        assert_eq!(error["code"], "malformed-json", "{error}");
    }
}

/// "Body depth limits with clear errors": 400 that names the limit, however deep.
#[test]
fn deep_nesting() {
    let organization = Organization::new();
    for depth in [100, 10_000, 200_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let answer =
                raw(&organization, Method::POST, "/admin/api/customers", with_attribute("name", &nested)).expect(400);
            assert!(
                answer.error()["detail"].as_str().unwrap().contains("nested deeper than 64 levels"),
                "{}",
                answer.text
            );
        }
        let open = "[".repeat(depth).into_bytes();
        raw(&organization, Method::POST, "/admin/api/customers", open).expect(400);
    }
}

/// "Request and body limits with clear errors": 413, with a length that is told or not.
#[test]
fn bodies_over_the_limit() {
    let organization = Organization::new();
    let server =
        crate::support::server::TestServer::start(crate::support::database::shared(), "[http]\nbody_limit = 2048");
    let admin = &organization.admin;
    let client = server.client().with_token(&token(&server, &admin.client_id, &admin.client_secret));
    let send = |size: usize| {
        let body = with_attribute("externalId", &format!("\"{}\"", "x".repeat(size)));
        client.send(Method::POST, "/admin/api/customers", |request| request.header("Content-Type", JSON_API).body(body))
    };
    send(1900).expect(400);
    let error = send(4000).expect(413).error();
    assert!(error["detail"].as_str().unwrap().contains("2048 bytes"), "{error}");
    // Without credentials a body is not read: 401 whatever its size.
    let nobody =
        server.client().send(Method::POST, "/admin/api/customers", |request| request.body(vec![b'x'; 100_000]));
    assert_eq!(nobody.status, 401);
}

/// Long URLs, long lists, many parameters, deep paths.
#[test]
fn too_much() {
    let organization = Organization::new();
    let get = |path: &str| organization.client().get(&format!("/admin/api{path}"));
    for size in [10_000, 60_000] {
        let long = "x".repeat(size);
        for path in [
            format!("/{long}"),
            format!("/customers/{long}"),
            format!("/customers?filter[name]={long}"),
            format!("/customers?{long}=1"),
            format!("/customers?sort={long}"),
            format!("/customers?include={long}"),
            format!("/customers?page[after]={long}"),
            format!("/customers?fields[{long}]=a"),
            format!("/customers?filter[name][{long}]=a"),
        ] {
            survived(&get(&path), &format!("{size} characters"));
        }
    }
    let list: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    assert_eq!(get(&format!("/customers?filter[id]={}", list.join(","))).status, 400);
    let labels =
        json!({"label": "a", "shortLabel": "b", "pluralLabel": "c", "shortPluralLabel": "d", "defaultPrecision": 0});
    let unit = json!({"data": {"type": "productunits", "id": "x".repeat(20_000), "attributes": labels}});
    assert_eq!(organization.client().post("/admin/api/productunits", &unit).status, 400);
    let filters: Vec<String> = (0..200).map(|number| format!("filter[id]={number}")).collect();
    survived(&get(&format!("/customers?{}", filters.join("&"))), "200 filters");
    let path = vec!["parent"; 60].join(".");
    assert_eq!(get(&format!("/customers?include={path}")).status, 400);
    assert_eq!(get(&format!("/customers?filter[{path}.name]=a")).status, 400);
    assert_eq!(get(&format!("/customers?sort={path}.name")).status, 400);
    let paths: Vec<&str> = vec!["parent", "children", "group", "owner"].into_iter().cycle().take(400).collect();
    survived(&get(&format!("/customers?include={}", paths.join(","))), "400 paths");
    survived(&get(&format!("/customers?filter{}=1", "[a]".repeat(3000))), "brackets");
    survived(&get(&format!("/customers?filter{}=1", "[".repeat(9000))), "open brackets");
    survived(&get(&format!("/customers{}", "/a".repeat(5000))), "segments");
}

/// Lists whose items each cost a look, or each give an error, are refused before any of them is looked at.
#[test]
fn huge_lists_in_bodies() {
    let organization = Organization::new();
    let client = organization.client();
    let made =
        client.post("/admin/api/customers", &json!({"data": {"type": "customers", "attributes": {"name": "A"}}}));
    let id = made.expect(201).json()["data"]["id"].as_str().unwrap().to_owned();
    let linkage = |count: usize| -> Vec<Value> {
        (0..count).map(|index| json!({"type": "users", "id": index.to_string()})).collect()
    };
    let bad: Vec<Value> = (0..120_000).map(|_| json!({"type": "x"})).collect();
    let users = format!("/admin/api/customers/{id}/relationships/users");
    let customer = json!({"type": "customers", "attributes": {"name": "A"}});
    for (path, body) in [
        (users.as_str(), json!({"data": linkage(60_000)})),
        (users.as_str(), json!({"data": bad})),
        ("/admin/api/customers", json!({"data": customer, "included": bad})),
    ] {
        let answer = client.post(path, &body).expect(400);
        assert!(answer.error()["detail"].as_str().unwrap().contains("more than 100000"), "{}", answer.text);
    }
    let many = client.post(&users, &json!({"data": linkage(30_000)})).expect(400).json();
    assert_eq!(many["errors"].as_array().unwrap().len(), 1000, "the first errors of many");
}

/// More records than one request may bring are refused with the limit.
#[test]
fn too_many_included() {
    let organization = Organization::new();
    let included: Vec<Value> = (0..1001)
        .map(|index| json!({"type": "customers", "id": index.to_string(), "attributes": {"name": "A"}}))
        .collect();
    let body = json!({"data": {"type": "customers", "attributes": {"name": "A"}}, "included": included});
    let error = organization.client().post("/admin/api/customers", &body).expect(400).error();
    assert!(error["detail"].as_str().unwrap().contains("At most 1000"), "{error}");
}
