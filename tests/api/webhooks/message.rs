//! What a receiver gets: method, headers, body, signatures.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::receiver::{OK, Received, Receiver};
use super::world::{body, customer, rename, shop, subscribe};
use crate::support::shop::{Shop, line, one};

/// HMAC-SHA256 as RFC 2104 has it, from the hash alone.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > 64 { digest(&SHA256, key).as_ref().to_vec() } else { key.to_vec() };
    block.resize(64, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = digest(&SHA256, &[padded(0x36), text.to_vec()].concat());
    digest(&SHA256, &[padded(0x5c), inner.as_ref().to_vec()].concat()).as_ref().to_vec()
}

pub fn oro(secret: &str, received: &Received) -> String {
    hmac(secret.as_bytes(), received.body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn standard(key: &[u8], received: &Received) -> String {
    let signed =
        format!("{}.{}.{}", received.header("webhook-id"), received.header("webhook-timestamp"), received.body);
    format!("v1,{}", STANDARD.encode(hmac(key, signed.as_bytes())))
}

/// "HTTP: POST, `Content-Type: application/json`, `Webhook-Topic`, `Webhook-Id` (= messageId)." "Body:
/// {"topic","eventData","timestamp" (unix s),"messageId" (uuid v4)}. `eventData` is the JSON:API GET document of the entity."
#[test]
fn a_message_has_the_contracts_form() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    subscribe(shop.client(), &receiver, "customer.created");
    let before = chrono::Utc::now().timestamp();
    let id = customer(&shop);
    let [message] = &receiver.wait(1)[..] else { panic!("one message") };
    assert_eq!((message.method.as_str(), message.header("content-type")), ("POST", "application/json"));
    let told = message.json();
    assert_eq!(told["topic"], "customer.created");
    assert_eq!(message.header("webhook-topic"), "customer.created");
    assert_eq!(message.header("webhook-id"), told["messageId"]);
    let uuid = uuid::Uuid::parse_str(told["messageId"].as_str().unwrap()).unwrap();
    assert_eq!(uuid.get_version_num(), 4);
    assert!((before..=before + 60).contains(&told["timestamp"].as_i64().unwrap()));
    let get =
        shop.client().send(reqwest::Method::GET, &format!("/admin/api/customers/{id}?include=addresses"), |request| {
            request.header("X-Include", "noHateoas")
        });
    assert_eq!(told["eventData"]["data"], get.expect(200).json()["data"]);
    assert_eq!(message.header("webhook-signature"), "", "without a secret nothing is signed");
}

/// "captured at event time: after flush for create, on update, before removal for delete", "with `included`".
#[test]
fn the_document_is_that_of_the_moment() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    for topic in ["order.created", "order.updated", "order.deleted"] {
        subscribe(shop.client(), &receiver, topic);
    }
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(2), "5"), line("2", &product, &json!(1), "3")]).expect(201);
    let id = order.id();
    shop.change("orders", &id, &json!({"poNumber": "77"})).expect(200);
    shop.client().delete(&format!("/admin/api/orders/{id}")).expect(204);
    let told: Vec<_> = receiver.wait(3).iter().map(Received::json).collect();
    let topics: Vec<_> = told.iter().map(|one| one["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["order.created", "order.updated", "order.deleted"], "in their order, at one URL");
    let attribute = |at: usize, name: &str| told[at]["eventData"]["data"]["attributes"][name].clone();
    assert_eq!(
        (attribute(0, "poNumber"), attribute(1, "poNumber"), attribute(2, "poNumber")),
        (json!(null), json!("77"), json!("77"))
    );
    assert_eq!(attribute(0, "totalValue"), "13.0000", "after the totals are there");
    for one in &told {
        let included = one["eventData"]["included"].as_array().unwrap();
        let lines = included.iter().filter(|record| record["type"] == "orderlineitems").count();
        assert_eq!(lines, 2, "before removal its parts are there: {one}");
        assert_eq!(one["eventData"]["data"]["relationships"]["lineItems"]["data"].as_array().unwrap().len(), 2);
    }
}

/// "a changed part moves its parent's updatedAt": the event is of the entity.
#[test]
fn a_changed_part_is_an_update_of_the_whole() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(2), "5")]).expect(201);
    let part = order.json()["data"]["relationships"]["lineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    subscribe(shop.client(), &receiver, "order.updated");
    shop.change("orderlineitems", &part, &json!({"quantity": 3})).expect(200);
    let told = receiver.wait(1)[0].json();
    assert_eq!(told["eventData"]["data"]["id"], order.id());
    assert_eq!(told["eventData"]["data"]["attributes"]["totalValue"], "15.0000");
}

/// "`thin` drops `included`, `data.attributes`, `data.relationships`."
#[test]
fn thin_is_type_and_id() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let mut thin = body(&receiver.url, "customer.created", &json!({}));
    thin["data"]["relationships"]["format"] = one("webhookformats", "thin");
    shop.client().post("/admin/api/webhooks", &thin).expect(201);
    let id = customer(&shop);
    assert_eq!(receiver.wait(1)[0].json()["eventData"], json!({"data": {"type": "customers", "id": id}}));
}

/// "Every update/delete event also goes to `{topic}.{id}`".
#[test]
fn a_topic_of_one_record_is_told_of_that_record() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let (one, other) = (customer(&shop), customer(&shop));
    subscribe(shop.client(), &receiver, &format!("customer.updated.{one}"));
    subscribe(shop.client(), &receiver, &format!("customer.deleted.{one}"));
    rename(&shop, &other, "Other");
    rename(&shop, &one, "One");
    shop.client().delete(&format!("/admin/api/customers/{other}")).expect(204);
    shop.client().delete(&format!("/admin/api/customers/{one}")).expect(204);
    let told = receiver.wait(2);
    let topics: Vec<_> = told.iter().map(|message| message.header("webhook-topic").to_owned()).collect();
    assert_eq!(topics, [format!("customer.updated.{one}"), format!("customer.deleted.{one}")]);
    assert!(told.iter().all(|message| message.record() == one));
}

fn signed(shop: &Shop, receiver: &Receiver, attributes: &serde_json::Value) -> (String, Received) {
    let subscription = body(&receiver.url, "customer.created", attributes);
    let id = shop.client().post("/admin/api/webhooks", &subscription).expect(201).id();
    let before = receiver.received().len();
    customer(shop);
    (id, receiver.wait(before + 1)[before].clone())
}

/// "With a secret: `Webhook-Signature` = lower-case hex HMAC-SHA256 of the raw body,
/// `Webhook-Signature-Algorithm: HMAC-SHA256`."
#[test]
fn signatures_can_be_verified() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let (_, message) = signed(&shop, &receiver, &json!({"secret": "test_secret_value"}));
    assert_eq!(message.header("webhook-signature"), oro("test_secret_value", &message));
    assert_eq!(message.header("webhook-signature-algorithm"), "HMAC-SHA256");
    assert_eq!(message.header("webhook-signature-v1"), standard(b"test_secret_value", &message));
}

#[test]
fn standard_webhooks_are_signed_as_they_say() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let (key, secret) = ([7; 24], format!("whsec_{}", STANDARD.encode([7; 24])));
    let (_, message) = signed(&shop, &receiver, &json!({"secret": secret, "signature": "standard"}));
    assert_eq!(message.header("webhook-signature"), standard(&key, &message));
    let at: i64 = message.header("webhook-timestamp").parse().unwrap();
    assert!((chrono::Utc::now().timestamp() - at).abs() < 60);
}

/// "secret rotation with two valid secrets for a time".
#[test]
fn both_secrets_are_good_for_a_while() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let (id, _) = signed(&shop, &receiver, &json!({"secret": "old"}));
    let rotate = |meta: serde_json::Value| {
        shop.client().post(&format!("/admin/api/webhooks/{id}/rotateSecret"), &json!({"meta": meta}))
    };
    let answer = rotate(json!({"secret": "new", "overlap": 600})).expect(200).json();
    assert!(answer["meta"]["previousSecretUntil"].is_string(), "{answer}");
    let told = |count: usize| {
        customer(&shop);
        receiver.wait(count)[count - 1].clone()
    };
    let message = told(2);
    assert_eq!(message.header("webhook-signature"), oro("new", &message), "the newest");
    let both = format!("{} {}", standard(b"new", &message), standard(b"old", &message));
    assert_eq!(message.header("webhook-signature-v1"), both);
    let answer = rotate(json!({"secret": "newer", "overlap": 0})).expect(200).json();
    assert!(answer["meta"]["previousSecretUntil"].is_null(), "{answer}");
    let message = told(3);
    assert_eq!(message.header("webhook-signature-v1"), standard(b"newer", &message), "the old ones are good no more");
    rotate(json!({})).expect(400);
    rotate(json!({"secret": "x", "overlap": -1})).expect(400);
    rotate(json!({"secret": "x", "other": 1})).expect(400);
}
