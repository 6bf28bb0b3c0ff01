use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, group, groups, is_replay, key, send};
use crate::support::client::{Answer, JSON_API};
use crate::support::organization::{Organization, unique};

#[track_caller]
fn refused(answer: Answer) {
    let error = answer.expect(422).error();
    assert_eq!(error["code"], "idempotency-key-reused");
    assert_eq!(error["source"]["header"], "Idempotency-Key");
}

/// "The same key with another method, path or body: 422, code `idempotency-key-reused`."
#[test]
fn another_request_with_the_same_key_is_refused() {
    let organization = Organization::new();
    let client = organization.client();
    let (name, key) = (unique("Own"), key());
    let id = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201).id();
    let item = format!("{GROUPS}/{id}");
    let change = json!({"data": {"type": "customergroups", "id": id, "attributes": {"name": "Other"}}});
    refused(send(client, Method::DELETE, GROUPS, &key, &group(&name)));
    refused(send(client, Method::POST, "/admin/api/customers", &key, &group(&name)));
    refused(send(client, Method::POST, &format!("{GROUPS}?include=organization"), &key, &group(&name)));
    refused(send(client, Method::POST, GROUPS, &key, &group("Other")));
    refused(send(client, Method::PATCH, &item, &key, &change));
    refused(send(client, Method::DELETE, &item, &key, &Value::Null));
    // What would be refused for itself is refused for its key.
    let broken = client.send(Method::POST, GROUPS, |request| {
        request.header("Idempotency-Key", &key).header("Content-Type", JSON_API).body("{")
    });
    refused(broken);
    // With external ids the same text may name another record.
    let external = client.send(Method::POST, GROUPS, |request| {
        let request = request.header("Idempotency-Key", &key).header("X-Integration-Type", "ext_id");
        request.header("Content-Type", JSON_API).body(group(&name).to_string())
    });
    refused(external);
    assert_eq!(groups(client, &name), 1);
    assert_eq!(groups(client, "Other"), 0);
    // The key itself has suffered nothing.
    assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
}

/// "`Idempotency-Key: <1..255 printable ASCII>`"
#[test]
fn what_is_no_key_is_told_what_one_is() {
    let organization = Organization::new();
    let client = organization.client();
    let body = group(&unique("Malformed"));
    let long = "k".repeat(256);
    let malformed: [&[&[u8]]; 5] = [&[b""], &[long.as_bytes()], &["schlüssel".as_bytes()], &[b"a\tb"], &[b"a", b"b"]];
    for keys in malformed {
        let answer = client.send(Method::POST, GROUPS, |mut request| {
            for key in keys {
                request = request.header("Idempotency-Key", *key);
            }
            request.header("Content-Type", JSON_API).body(body.to_string())
        });
        let error = answer.expect(400).error();
        assert_eq!((&error["code"], &error["source"]["header"]), (&json!("invalid-header"), &json!("Idempotency-Key")));
        assert!(error["detail"].as_str().unwrap().contains("1 to 255 printable ASCII"), "{error}");
    }
    for right in [&unique(&"k".repeat(240)), &format!("{} ~!\"#", unique("any"))] {
        send(client, Method::POST, GROUPS, right, &group(&unique("Right"))).expect(201);
        assert!(right.len() <= 255);
    }
}
