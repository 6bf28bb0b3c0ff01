//! A server whose webhooks may go to this machine, and subscriptions of an organization of the test's own.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;
use crate::support::shop::{Shop, one};

/// Quick where the usual settings are patient.
pub const SETTINGS: &str = "
    [queue]
    workers = 1
    [webhooks]
    allowed_networks = [\"127.0.0.1/32\"]
    timeout = 2
    circuit_failures = 3
    circuit_pause = 1
";

/// The server that these tests share.
pub fn server() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| TestServer::start(&database::of_group("webhooks"), SETTINGS))
}

pub fn shop() -> Shop {
    Shop::of(Organization::on(server()))
}

/// The body of a subscription.
pub fn body(url: &str, topic: &str, attributes: &Value) -> Value {
    let mut all = json!({"notificationUrl": url});
    all.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    json!({"data": {
        "type": "webhooks",
        "attributes": all,
        "relationships": {"topic": one("webhooktopics", topic), "format": one("webhookformats", "default")},
    }})
}

/// Subscribes to a topic; the answer is the webhook's id.
#[track_caller]
pub fn subscribe(client: &Client, receiver: &Receiver, topic: &str) -> String {
    client.post("/admin/api/webhooks", &body(&receiver.url, topic, &json!({}))).expect(201).id()
}

/// A new customer.
#[track_caller]
pub fn customer(shop: &Shop) -> String {
    shop.create("customers", &json!({"name": unique("Customer")}), &json!({}))
}

#[track_caller]
pub fn rename(shop: &Shop, customer: &str, name: &str) -> Answer {
    shop.change("customers", customer, &json!({"name": name})).expect(200)
}

/// The deliveries of a webhook, the oldest first.
pub fn deliveries(client: &Client, webhook: &str) -> Vec<Value> {
    let path = format!("/admin/api/webhookdeliveries?filter[webhook]={webhook}&sort=id&page[size]=100");
    client.get(&path).expect(200).json()["data"].as_array().unwrap().clone()
}

/// Waits until something is there.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come");
}

/// Waits until every delivery of the webhook has one of the statuses.
#[track_caller]
pub fn settled(client: &Client, webhook: &str, statuses: &[&str]) -> Vec<Value> {
    eventually("the outcome", || {
        let found = deliveries(client, webhook);
        let done = |one: &Value| statuses.contains(&one["attributes"]["status"].as_str().unwrap());
        (!found.is_empty() && found.iter().all(done)).then_some(found)
    })
}
