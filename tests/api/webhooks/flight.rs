//! Webhooks that are switched off, moved, deleted or given another secret while a message is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{oro, standard};
use super::receiver::{OK, Receiver, Reply};
use super::sending::{SETTINGS, Sending};
use super::world::{body, customer, deliveries, eventually, settled};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;
use crate::support::shop::Shop;

/// A server without a dispatcher, to which this machine is where receivers are, and a dispatcher with patience.
struct Flight {
    shop: Shop,
    /// Lets the receiver answer.
    open: Arc<AtomicBool>,
    receiver: Receiver,
    webhook: String,
    _sending: Sending,
}

impl Flight {
    /// A message is under way; the receiver answers 503 to it when it is let go, and 200 from then on.
    fn begin() -> Flight {
        let settings = SETTINGS.replace("127.0.0.2/32", "127.0.0.1/32").replace("timeout = 2", "timeout = 60");
        let url = database::own();
        let server = TestServer::lasting(&url, &settings);
        let shop = Shop::of(Organization::on(server));
        let open = Arc::new(AtomicBool::new(false));
        let gate = open.clone();
        let receiver = Receiver::new(move |_, before| {
            while !gate.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if before == 0 { Reply::Status(503, "", "") } else { OK }
        });
        let subscription = body(&receiver.url, "customer.created", &json!({"secret": "former"}));
        let webhook = shop.client().post("/admin/api/webhooks", &subscription).expect(201).id();
        customer(&shop);
        let sending = Sending::start(&url, &settings);
        receiver.wait(1);
        Flight { shop, open, receiver, webhook, _sending: sending }
    }

    fn change(&self, attributes: &Value) {
        self.shop.change("webhooks", &self.webhook, attributes).expect(200);
    }

    fn land(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    fn delivery(&self) -> Value {
        deliveries(self.shop.client(), &self.webhook)[0]["attributes"].clone()
    }
}

#[test]
fn what_is_under_way_when_its_webhook_is_switched_off_is_held_back_after() {
    let flight = Flight::begin();
    flight.change(&json!({"enabled": false}));
    flight.land();
    eventually("the outcome", || (flight.delivery()["responseStatus"] == 503).then_some(()));
    // Another's message, written later and sent, shows that the dispatcher has looked after it was due.
    std::thread::sleep(Duration::from_millis(1200));
    let other = Receiver::new(|_, _| OK);
    let subscription = body(&other.url, "customer.updated", &json!({}));
    flight.shop.client().post("/admin/api/webhooks", &subscription).expect(201);
    let id = customer(&flight.shop);
    super::world::rename(&flight.shop, &id, "seen");
    other.wait(1);
    assert_eq!((flight.receiver.received().len(), &flight.delivery()["status"]), (1, &json!("pending")));
    flight.change(&json!({"enabled": true}));
    settled(flight.shop.client(), &flight.webhook, &["delivered"]);
}

#[test]
fn what_is_under_way_when_its_webhook_moves_goes_to_the_new_url_next() {
    let flight = Flight::begin();
    let moved = Receiver::new(|_, _| OK);
    flight.change(&json!({"notificationUrl": moved.url}));
    flight.land();
    assert_eq!(moved.wait(1)[0].message_id(), flight.receiver.received()[0].message_id());
    settled(flight.shop.client(), &flight.webhook, &["delivered"]);
    assert_eq!(flight.receiver.received().len(), 1);
    assert_eq!(flight.delivery()["notificationUrl"], json!(moved.url));
}

#[test]
fn what_is_under_way_when_its_webhook_is_deleted_is_not_tried_again() {
    let flight = Flight::begin();
    let id = flight.shop.client().get("/admin/api/webhookdeliveries").expect(200).json()["data"][0]["id"].clone();
    flight.shop.client().delete(&format!("/admin/api/webhooks/{}", flight.webhook)).expect(204);
    flight.land();
    std::thread::sleep(Duration::from_millis(1500));
    let path = format!("/admin/api/webhookdeliveries/{}", id.as_str().unwrap());
    let left = flight.shop.client().get(&path).expect(200).json()["data"]["attributes"].clone();
    assert_eq!((&left["status"], &left["error"]), (&json!("dropped"), &json!("The webhook was deleted.")));
    assert_eq!(flight.receiver.received().len(), 1);
}

#[test]
fn a_secret_rotated_under_way_signs_the_next_attempt() {
    let flight = Flight::begin();
    let path = format!("/admin/api/webhooks/{}/rotateSecret", flight.webhook);
    flight.shop.client().post(&path, &json!({"meta": {"secret": "newer", "overlap": 3600}})).expect(200);
    flight.land();
    let told = flight.receiver.wait(2);
    assert_eq!(told[0].header("webhook-signature"), oro("former", &told[0]));
    assert_eq!(told[1].header("webhook-signature"), oro("newer", &told[1]));
    let both = format!("{} {}", standard(b"newer", &told[1]), standard(b"former", &told[1]));
    assert_eq!(told[1].header("webhook-signature-v1"), both);
    assert_eq!(told[0].body, told[1].body);
}
