use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{GROUPS, changes, group, groups, is_replay, key, send};
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, customer_user_permissions, unique};
use crate::support::server::TestServer;
use crate::support::shop::{Shop, line, many, one};

/// What an answer says of its record; the others are about the request.
fn about_the_record(headers: &HeaderMap) -> Vec<(String, String)> {
    let names = ["content-type", "location", "etag", "x-include-deleted-count", "x-include-total-count", "vary"];
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    names.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect()
}

/// Sends a request twice, and fails unless the second is answered as the first was and changes nothing. The first answer.
#[track_caller]
fn twice(organization: &Organization, send: impl Fn() -> Answer) -> Answer {
    let first = send();
    assert!(!is_replay(&first) && first.status < 300, "{}: {}", first.status, first.text);
    let before = changes(organization);
    let second = send();
    assert!(is_replay(&second), "not a replay: {}", second.text);
    assert_eq!((second.status, &second.text), (first.status, &first.text));
    assert_eq!(about_the_record(&second.headers), about_the_record(&first.headers));
    assert_ne!(second.header("X-Request-ID"), first.header("X-Request-ID"));
    assert_ne!(second.header("RateLimit"), "");
    assert_eq!(changes(organization), before, "something was changed");
    first
}

/// "`Idempotency-Key` on any POST, PATCH or DELETE"
#[test]
fn every_kind_of_write_is_done_once() {
    let shop = Shop::new();
    let (organization, client) = (&shop.organization, shop.client());
    let product = shop.product("ONCE", &[("item", 0)]);
    let case = |method: Method, path: &str, body: &Value| {
        let key = key();
        twice(organization, || send(client, method.clone(), path, &key, body))
    };
    let order = case(
        Method::POST,
        "/admin/api/orders?include=lineItems",
        &shop.order(&[line("1", &product, &json!(3), "2.5")]),
    );
    assert!(order.status == 201 && order.header("Location").ends_with(&order.id()) && !order.header("ETag").is_empty());

    let left = shop.create("customers", &json!({"name": "Left"}), &json!({}));
    let item = format!("/admin/api/customers/{left}");
    let renamed = json!({"data": {"type": "customers", "id": left, "attributes": {"name": "Renamed"}}});
    assert_eq!(case(Method::PATCH, &item, &renamed).status, 200);

    let child = shop.create("customers", &json!({"name": "Child"}), &json!({}));
    let children = format!("{item}/relationships/children");
    for method in [Method::POST, Method::DELETE, Method::PATCH] {
        assert_eq!(case(method, &children, &many("customers", &[&child])).status, 204);
    }
    let parent = format!("{item}/relationships/group");
    let vip = shop.create("customergroups", &json!({"name": unique("VIP")}), &json!({}));
    assert_eq!(case(Method::PATCH, &parent, &one("customergroups", &vip)).status, 204);

    let gone = shop.create("customergroups", &json!({"name": unique("Gone")}), &json!({}));
    assert_eq!(case(Method::DELETE, &format!("{GROUPS}/{gone}"), &Value::Null).status, 204);

    let name = unique("List");
    shop.create("customergroups", &json!({"name": name}), &json!({}));
    let (path, list_key) = (format!("{GROUPS}?filter[name]={name}"), key());
    let deleted = twice(organization, || {
        client.send(Method::DELETE, &path, |request| {
            request.header("Idempotency-Key", &list_key).header("X-Include", "deletedCount;totalCount")
        })
    });
    assert_eq!((deleted.header("X-Include-Deleted-Count"), deleted.header("X-Include-Total-Count")), ("1", "1"));

    let added = json!({"atomic:operations": [{"op": "add", "data": group(&unique("Atomic"))["data"]}]});
    let atomic_key = key();
    let done = twice(organization, || atomic(client, &atomic_key, &added));
    assert_eq!((done.status, done.header("Content-Type")), (200, ATOMIC));
}

const ATOMIC: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";

fn atomic(client: &Client, key: &str, operations: &Value) -> Answer {
    client.send(Method::POST, "/admin/api/operations", |request| {
        request.header("Idempotency-Key", key).header("Content-Type", ATOMIC).body(operations.to_string())
    })
}

/// Both APIs.
#[test]
fn the_storefront_has_it_too() {
    let organization = Organization::new();
    let customer = organization.customer(None);
    let buyer = organization.customer_user(customer, &customer_user_permissions("division"));
    let addresses = json!({
        "data": {
            "type": "customeraddresses",
            "attributes": {"street": "Main 1", "city": "Rochester", "postalCode": "14608", "organization": "Acme"},
            "relationships": {
                "customer": one("customers", &customer.to_string()),
                "country": one("countries", "US"),
                "region": one("regions", "US-NY"),
            },
        },
    });
    let key = key();
    let first = twice(&organization, || send(&buyer.client, Method::POST, "/api/customeraddresses", &key, &addresses));
    assert_eq!(first.status, 201);
}

/// "A validated POST answers 201 with a Location and an id that then does not exist": and so does the second.
#[test]
fn a_trial_is_replayed_and_leaves_no_record() {
    let shop = Shop::new();
    let product = shop.product("TRIAL", &[("item", 0)]);
    let mut body = shop.order(&[line("1", &product, &json!(3), "2.5")]);
    body["data"]["meta"] = json!({"validate": true});
    let key = key();
    let first = twice(&shop.organization, || send(shop.client(), Method::POST, "/admin/api/orders", &key, &body));
    assert_eq!(first.status, 201);
    let orders = shop.client().get("/admin/api/orders").expect(200).json();
    assert_eq!(orders["data"], json!([]));
}

/// A POST that asks to be taken as a PATCH is one, to the key as well.
#[test]
fn an_overridden_method_is_the_one_that_counts() {
    let organization = Organization::new();
    let client = organization.client();
    let id = client.post(GROUPS, &group(&unique("Before"))).expect(201).id();
    let (path, key, name) = (format!("{GROUPS}/{id}"), key(), unique("After"));
    let body = json!({"data": {"type": "customergroups", "id": id, "attributes": {"name": name}}});
    let overridden = client.send(Method::POST, &path, |request| {
        let request = request.header("Idempotency-Key", &key).header("X-HTTP-Method-Override", "PATCH");
        request.header("Content-Type", JSON_API).body(body.to_string())
    });
    overridden.expect(200);
    assert!(is_replay(&send(client, Method::PATCH, &path, &key, &body).expect(200)));
}

/// A GET takes no key, and minds none.
#[test]
fn reads_do_not_mind_a_key() {
    let organization = Organization::new();
    let key = key();
    for _ in 0..2 {
        let list = send(organization.client(), Method::GET, GROUPS, &key, &Value::Null).expect(200);
        assert!(!is_replay(&list));
    }
}

/// An answer of some hundred kilobytes comes back whole; one over the limit is refused before anything is changed.
#[test]
fn large_answers() {
    let organization = Organization::new();
    let prefix = unique("Many");
    let add = |n: usize| json!({"op": "add", "data": group(&format!("{prefix}-{n}"))["data"]});
    let operations = json!({"atomic:operations": (0..400).map(add).collect::<Vec<_>>()});
    let many = key();
    let first = twice(&organization, || atomic(organization.client(), &many, &operations));
    assert!(first.text.len() > 100_000, "{} bytes are not large", first.text.len());

    let small = TestServer::start(crate::support::database::shared(), "[http]\nstored_answer_limit = 1024");
    let client = organization.client().at(small.address);
    let (name, key) = (unique("Small"), key());
    let adds = [0, 1, 2].map(|n| json!({"op": "add", "data": group(&format!("{name}-{n}"))["data"]}));
    let body = json!({"atomic:operations": adds});
    let refused = atomic(&client, &key, &body).expect(400);
    assert_eq!(refused.error()["source"]["header"], "Idempotency-Key");
    assert!(refused.error()["detail"].as_str().unwrap().contains("1024"), "{}", refused.text);
    assert_eq!(groups(&client, &format!("{name}-0")), 0);
    client
        .send(Method::POST, "/admin/api/operations", |request| {
            request.header("Content-Type", ATOMIC).body(body.to_string())
        })
        .expect(200);
}

/// A key costs two statements, and none where there is no key.
#[test]
fn a_key_costs_two_statements() {
    let server = TestServer::lasting(&crate::support::database::own(), "");
    let organization = Organization::on(server);
    let client = organization.client();
    client.post(GROUPS, &group(&unique("Warm"))).expect(201);
    let cost = |request: &dyn Fn() -> Answer| {
        let before = server.db.statements();
        request().expect(201);
        server.db.statements() - before
    };
    let without = cost(&|| client.post(GROUPS, &group(&unique("Cost"))));
    let with = cost(&|| send(client, Method::POST, GROUPS, &key(), &group(&unique("Cost"))));
    assert_eq!(with, without + 2);
}
