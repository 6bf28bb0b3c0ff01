//! What becomes of a delivery, by what the receiver does.

use std::time::Duration;

use serde_json::json;

use super::receiver::{OK, Receiver, Reply};
use super::world::{body, customer, deliveries, eventually, rename, settled, shop, subscribe};

/// "2xx success"; the delivery tells of it.
#[test]
fn a_good_answer_ends_it() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| Reply::Status(204, "", ""));
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    let id = customer(&shop);
    let [delivery] = &settled(shop.client(), &webhook, &["delivered"])[..] else { panic!("one delivery") };
    let shown = &delivery["attributes"];
    assert_eq!(
        (&shown["attempts"], &shown["responseStatus"], &shown["topic"]),
        (&json!(1), &json!(204), &json!("customer.created"))
    );
    assert_eq!((&shown["entityType"], &shown["entityId"]), (&json!("customers"), &json!(id)));
    assert_eq!(shown["messageId"], receiver.received()[0].message_id());
    assert!(shown["latency"].is_number() && shown["nextAttemptAt"].is_null() && shown["error"].is_null(), "{shown}");
    assert!(shown.get("body").is_none(), "what the owner may view is not shown to others");
}

/// "retryable statuses … exponential: 1000 ms, x2": the same message comes again, later and later.
#[test]
fn a_failing_receiver_is_tried_again_with_the_same_message() {
    let shop = shop();
    let receiver = Receiver::new(|_, before| if before < 2 { Reply::Status(503, "", "not now") } else { OK });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    let told = receiver.wait(3);
    let first = (told[1].at - told[0].at).as_secs_f64();
    let second = (told[2].at - told[1].at).as_secs_f64();
    assert!(first >= 0.89 && second >= 1.79, "{first} {second}");
    assert!(told.iter().all(|message| message.body == told[0].body));
    let [delivery] = &settled(shop.client(), &webhook, &["delivered"])[..] else { panic!("one delivery") };
    assert_eq!(delivery["attributes"]["attempts"], 3);
}

/// "delay from `Retry-After` (seconds or date)".
#[test]
fn retry_after_is_heeded() {
    let shop = shop();
    let receiver =
        Receiver::new(|_, before| if before == 0 { Reply::Status(429, "Retry-After: 3\r\n", "") } else { OK });
    subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    let told = receiver.wait(2);
    assert!(told[1].at - told[0].at >= Duration::from_millis(2_900));
}

/// "**410 removes the subscription**"; what came of the delivery stays.
#[test]
fn gone_removes_the_subscription() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| Reply::Status(410, "", "gone"));
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    receiver.wait(1);
    let path = format!("/admin/api/webhooks/{webhook}");
    eventually("the removal", || (shop.client().get(&path).status == 404).then_some(()));
    let left = shop.client().get("/admin/api/webhookdeliveries?filter[responseStatus]=410").expect(200).json();
    let delivery = &left["data"][0];
    assert_eq!(delivery["attributes"]["status"], "dropped");
    assert_eq!(delivery["relationships"]["webhook"]["data"], json!(null));
    let again = format!("/admin/api/webhookdeliveries/{}/redeliver", delivery["id"].as_str().unwrap());
    shop.client().post(&again, &json!({"meta": {}})).expect(409);
    customer(&shop);
    assert_eq!(receiver.received().len(), 1);
}

/// "anything else: logged and dropped", "Redirects are not followed".
#[test]
fn other_answers_drop_it_visibly() {
    let shop = shop();
    let elsewhere = Receiver::new(|_, _| OK);
    let location: &'static str = format!("Location: {}\r\n", elsewhere.url).leak();
    let receiver = Receiver::new(move |_, before| match before {
        0 => Reply::Status(404, "", "no such page"),
        _ => Reply::Status(307, location, ""),
    });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    let found = settled(shop.client(), &webhook, &["dropped"]);
    assert_eq!(found[0]["attributes"]["responseExcerpt"], "no such page");
    customer(&shop);
    receiver.wait(2);
    let found = settled(shop.client(), &webhook, &["dropped"]);
    let statuses: Vec<_> = found.iter().map(|one| one["attributes"]["responseStatus"].as_i64()).collect();
    assert_eq!(statuses, [Some(404), Some(307)]);
    assert!(elsewhere.received().is_empty(), "a redirect was followed");
}

/// A receiver that hangs, one that hangs up, and one that is not there.
#[test]
fn no_answer_is_tried_again() {
    let shop = shop();
    let receiver = Receiver::new(|_, before| match before {
        0 => Reply::Hang(Duration::from_secs(4)),
        1 => Reply::Close,
        _ => OK,
    });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    let hung = eventually("the failure", || {
        let error = deliveries(shop.client(), &webhook).first()?["attributes"]["error"].as_str()?.to_owned();
        Some(error)
    });
    assert_eq!(hung, "No answer within 2 s.");
    assert!(receiver.wait(3).iter().all(|message| message.message_id() == receiver.received()[0].message_id()));
    settled(shop.client(), &webhook, &["delivered"]);
}

/// A body is cut, and one that never ends is no reason to wait or to try again.
#[test]
fn an_endless_body_is_cut() {
    let shop = shop();
    let receiver = Receiver::new(|_, before| match before {
        0 => Reply::Endless(200, Duration::ZERO),
        _ => Reply::Endless(200, Duration::from_secs(60)),
    });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    customer(&shop);
    receiver.wait(2);
    let found = settled(shop.client(), &webhook, &["delivered"]);
    let lengths: Vec<_> =
        found.iter().map(|one| one["attributes"]["responseExcerpt"].as_str().unwrap().len()).collect();
    assert!(lengths.contains(&1024) && lengths.iter().all(|length| *length <= 1024), "{lengths:?}");
    assert_eq!(receiver.received().len(), 2);
}

/// The URL of a webhook may name no internal address, in whatever form.
#[test]
fn urls_of_internal_addresses_are_refused() {
    let shop = shop();
    for refused in
        ["http://127.0.0.2:8080", "http://[::1]:8080", "http://0:8080", "http://10.1.2.3/", "http://169.254.169.254/"]
    {
        let error = shop
            .client()
            .post("/admin/api/webhooks", &body(refused, "customer.created", &json!({})))
            .expect(400)
            .error();
        assert_eq!(
            (&error["title"], &error["source"]["pointer"]),
            (&json!("url constraint"), &json!("/data/attributes/notificationUrl")),
            "{refused}"
        );
    }
}

/// The URL is checked at each attempt as well: here it was stored under settings that allowed it.
#[test]
fn an_internal_address_in_the_url_is_refused_at_the_attempt() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    let id = uuid::Uuid::parse_str(&webhook).unwrap();
    shop.organization.write(|conn| {
        use diesel::prelude::*;
        let url = "UPDATE webhook SET notification_url = 'http://10.1.2.3:8080/' WHERE id = $1";
        Ok(diesel::sql_query(url).bind::<diesel::sql_types::Uuid, _>(id).execute(conn).map(drop)?)
    });
    customer(&shop);
    let [delivery] = &settled(shop.client(), &webhook, &["dropped"])[..] else { panic!("one delivery") };
    let shown = &delivery["attributes"];
    assert_eq!(
        shown["error"],
        "The address 10.1.2.3 is an internal one, to which nothing is sent unless the server's webhooks.allowed_networks has it."
    );
    assert!(shown["responseStatus"].is_null() && shown["latency"].is_null(), "{shown}");
    assert!(receiver.received().is_empty());
}

/// While it is off, nothing new is noted, and what waits is held back.
#[test]
fn a_webhook_that_is_off_sends_nothing() {
    let shop = shop();
    let receiver = Receiver::new(|_, before| if before == 0 { Reply::Status(503, "", "") } else { OK });
    let webhook = subscribe(shop.client(), &receiver, "customer.updated");
    let id = customer(&shop);
    rename(&shop, &id, "one");
    receiver.wait(1);
    shop.change("webhooks", &webhook, &json!({"enabled": false})).expect(200);
    rename(&shop, &id, "two");
    assert_eq!(deliveries(shop.client(), &webhook).len(), 1);
    shop.change("webhooks", &webhook, &json!({"enabled": true})).expect(200);
    settled(shop.client(), &webhook, &["delivered"]);
    assert!(receiver.received().iter().all(|message| message.body == receiver.received()[0].body));
}
