//! How deliveries and endpoints end: given up, kept for a while, swept away; and sent again on demand.

use serde_json::{Value, json};

use super::receiver::{OK, Receiver, Reply};
use super::sending::{SETTINGS, Sending, Still};
use super::world::{body, customer, deliveries, eventually, rename, settled};

/// This machine is where the receivers are.
fn settings(more: &str) -> String {
    SETTINGS.replace("127.0.0.2/32", "127.0.0.1/32") + more
}

/// A webhook to a receiver: the server of these tests takes its address for an internal one, so its row is changed.
fn hook(still: &Still, url: &str, topic: &str) -> String {
    let made = body("http://127.0.0.2:8080/", topic, &json!({}));
    let id = still.shop.client().post("/admin/api/webhooks", &made).expect(201).id();
    still.execute(&format!("INSERT INTO webhook_endpoint (organization_id, url) SELECT organization_id, '{url}' FROM webhook WHERE id = '{id}' ON CONFLICT DO NOTHING"));
    still.execute(&format!("UPDATE webhook w SET notification_url = e.url, endpoint_id = e.id FROM webhook_endpoint e WHERE e.organization_id = w.organization_id AND e.url = '{url}' AND w.id = '{id}'"));
    id
}

fn shown(still: &Still, webhook: &str) -> Vec<Value> {
    deliveries(still.shop.client(), webhook).into_iter().map(|one| one["attributes"].clone()).collect()
}

/// "exponential back-off up to three days": what is older is given up, whether it was tried or held back, and says so.
#[test]
fn after_three_days_it_is_given_up() {
    let still = Still::new();
    let closed = "http://127.0.0.1:1025/";
    let (tried, held) = (hook(&still, closed, "customer.created"), hook(&still, closed, "customer.created"));
    still.shop.change("webhooks", &held, &json!({"enabled": true})).expect(200);
    customer(&still.shop);
    still.execute(&format!("UPDATE webhook SET enabled = false WHERE id = '{held}'"));
    {
        let _sending = Sending::start(&still.url, &settings(""));
        eventually("an attempt", || shown(&still, &tried)[0]["error"].as_str().map(str::to_owned));
    }
    still.execute("UPDATE webhook_delivery SET pending_since = now() - interval '3 days' + interval '1 hour'");
    {
        let _sending = Sending::start(&still.url, &settings(""));
        still.hurry();
        eventually("a further attempt", || (shown(&still, &tried)[0]["attempts"].as_u64() > Some(1)).then_some(()));
        assert!([&tried, &held].iter().all(|webhook| shown(&still, webhook)[0]["status"] == "pending"));
    }
    still.execute("UPDATE webhook_delivery SET pending_since = now() - interval '3 days'");
    let _sending = Sending::start(&still.url, &settings(""));
    let failed = &settled(still.shop.client(), &tried, &["failed"])[0]["attributes"];
    assert_eq!(failed["error"], "No connection could be made. It was given up.");
    assert!(failed["nextAttemptAt"].is_null(), "{failed}");
    let failed = &settled(still.shop.client(), &held, &["failed"])[0]["attributes"];
    assert_eq!(failed["error"], "It was held back until it was too late.");
    let metrics = still.shop.organization.server.client().get("/metrics").expect(200).text;
    assert!(metrics.contains("entrepot_webhook_given_up_total"), "{metrics}");
}

/// How long is a setting: the last attempt is made within that time, and its outcome stays.
#[test]
fn the_setting_says_how_long() {
    let still = Still::new();
    let receiver = Receiver::new(|_, _| Reply::Status(503, "", "not now"));
    let webhook = hook(&still, &receiver.url, "customer.created");
    customer(&still.shop);
    let _sending = Sending::start(&still.url, &settings("give_up_after = 2"));
    let failed = &settled(still.shop.client(), &webhook, &["failed"])[0]["attributes"];
    assert_eq!((&failed["error"], &failed["responseStatus"]), (&json!("It was given up."), &json!(503)));
    assert!(receiver.received().len() >= 2);
    // On demand it is tried anew, for as long.
    let before = receiver.received().len();
    let again = json!({"meta": {"from": "2020-01-01"}});
    still.shop.client().post(&format!("/admin/api/webhooks/{webhook}/redeliver"), &again).expect(200);
    receiver.wait(before + 1);
    settled(still.shop.client(), &webhook, &["failed"]);
}

/// What came of deliveries is kept for `webhooks.retention_days`; what is pending stays, however old.
#[test]
fn what_has_ended_is_kept_for_a_while() {
    let still = Still::new();
    let receiver = Receiver::new(|_, _| OK);
    let webhook = hook(&still, &receiver.url, "customer.created");
    let held = hook(&still, &receiver.url, "customer.created");
    (0..3).for_each(|_| drop(customer(&still.shop)));
    still.execute(&format!("UPDATE webhook SET enabled = false WHERE id = '{held}'"));
    {
        let _sending = Sending::start(&still.url, &settings(""));
        settled(still.shop.client(), &webhook, &["delivered"]);
    }
    let first = still.count("SELECT min(id) FROM webhook_delivery WHERE status = 'delivered'");
    still.execute("UPDATE webhook_delivery SET updated_at = now() - interval '29 days'");
    still.execute(&format!(
        "UPDATE webhook_delivery SET updated_at = now() - interval '31 days' WHERE id = {first} OR status = 'pending'"
    ));
    let _sending = Sending::start(&still.url, &settings(""));
    eventually("the cleaning", || (deliveries(still.shop.client(), &webhook).len() == 2).then_some(()));
    assert_eq!(deliveries(still.shop.client(), &held).len(), 3);
}

/// An endpoint that nothing goes to any more is swept away, with what is known of its failures.
#[test]
fn endpoints_go_with_the_last_that_needs_them() {
    let still = Still::new();
    let receiver = Receiver::new(|_, _| OK);
    let (gone, kept) =
        (hook(&still, &receiver.url, "customer.created"), hook(&still, "http://127.0.0.1:1025/kept", "order.created"));
    customer(&still.shop);
    {
        let _sending = Sending::start(&still.url, &settings(""));
        settled(still.shop.client(), &gone, &["delivered"]);
    }
    still.shop.client().delete(&format!("/admin/api/webhooks/{gone}")).expect(204);
    let count = || still.count("SELECT count(*) FROM webhook_endpoint");
    let sweep = |until: i64| {
        let _sending = Sending::start(&still.url, &settings(""));
        eventually("the sweeping", || (count() == until).then_some(()));
    };
    // That of the delivery, which can be read still, and that of the other webhook.
    sweep(2);
    still.execute("UPDATE webhook_delivery SET updated_at = now() - interval '31 days'");
    sweep(1);
    still.shop.client().get(&format!("/admin/api/webhooks/{kept}")).expect(200);
    // A webhook that takes an old URL again has an endpoint at once.
    let again = hook(&still, &receiver.url, "customer.created");
    customer(&still.shop);
    let _sending = Sending::start(&still.url, &settings(""));
    settled(still.shop.client(), &again, &["delivered"]);
}

/// What is sent again goes to where the webhook goes now, at once, though the endpoint is paused.
#[test]
fn sending_again_ends_the_pause_and_follows_the_url() {
    let still = Still::new();
    let patient = settings("circuit_pause = 3600").replace("circuit_failures = 1000", "circuit_failures = 2");
    let before = Receiver::new(|_, _| Reply::Status(404, "", ""));
    let receiver = Receiver::new(|_, before| if before < 2 { Reply::Status(500, "", "") } else { OK });
    let webhook = hook(&still, &before.url, "customer.created");
    customer(&still.shop);
    let _sending = Sending::start(&still.url, &patient);
    let dropped = settled(still.shop.client(), &webhook, &["dropped"])[0]["id"].as_str().unwrap().to_owned();
    still.execute("UPDATE webhook SET enabled = false");
    still.execute("DELETE FROM webhook_endpoint e WHERE NOT EXISTS (SELECT FROM webhook w WHERE w.endpoint_id = e.id) AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id)");
    let url = &receiver.url;
    still.execute(&format!(
        "INSERT INTO webhook_endpoint (organization_id, url) SELECT organization_id, '{url}' FROM webhook"
    ));
    still.execute(&format!("UPDATE webhook SET enabled = true, notification_url = '{url}', endpoint_id = (SELECT id FROM webhook_endpoint WHERE url = '{url}')"));
    customer(&still.shop);
    receiver.wait(2);
    eventually("the pause", || {
        (still.count(&format!("SELECT count(*) FROM webhook_endpoint WHERE url = '{url}' AND paused_until > now()"))
            == 1)
            .then_some(())
    });
    let again = format!("/admin/api/webhookdeliveries/{dropped}/redeliver");
    still.shop.client().post(&again, &json!({"meta": {}})).expect(200);
    let all = settled(still.shop.client(), &webhook, &["delivered"]);
    assert!(all.len() == 2 && all.iter().all(|one| one["attributes"]["notificationUrl"] == json!(url)), "{all:?}");
    assert_eq!(before.received().len(), 1);
}

/// Messages of a time are sent again beside new ones: each at least once more, those of a record in their order.
#[test]
fn a_time_is_sent_again_beside_new_messages() {
    let still = Still::new();
    let receiver = Receiver::new(|_, _| OK);
    let webhook = hook(&still, &receiver.url, "customer.updated");
    let records: Vec<String> = (0..5).map(|_| customer(&still.shop)).collect();
    let turn =
        |number: usize| records.iter().for_each(|id| drop(rename(&still.shop, id, &format!("turn {number:03}"))));
    (0..8).for_each(turn);
    let _sending = Sending::start(&still.url, &settings(""));
    receiver.wait(40);
    settled(still.shop.client(), &webhook, &["delivered"]);
    let path = format!("/admin/api/webhooks/{webhook}/redeliver");
    let again = json!({"meta": {"from": "2020-01-01", "statuses": ["delivered"]}});
    let count = still.shop.client().post(&path, &again).expect(200).json()["meta"]["deliveries"].clone();
    assert_eq!(count, 40);
    (8..12).for_each(turn);
    let told = receiver.wait(100);
    settled(still.shop.client(), &webhook, &["delivered"]);
    for record in &records {
        let names: Vec<String> = told
            .iter()
            .filter(|message| message.record() == *record)
            .map(|message| message.json()["eventData"]["data"]["attributes"]["name"].as_str().unwrap().to_owned())
            .collect();
        let turns = |range: std::ops::Range<usize>| range.map(|number| format!("turn {number:03}"));
        let expected: Vec<String> = turns(0..8).chain(turns(0..12)).collect();
        assert_eq!(names, expected, "once, and again before what came later");
    }
}
