//! Deliveries sent once more on demand: one, and those of a time.

use serde_json::json;

use super::receiver::{OK, Receiver, Reply};
use super::world::{customer, settled, shop, subscribe};

#[test]
fn one_or_those_of_a_time_are_sent_once_more() {
    let shop = shop();
    let receiver = Receiver::new(|_, before| if before < 3 { Reply::Status(400, "", "") } else { OK });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    for _ in 0..3 {
        customer(&shop);
    }
    receiver.wait(3);
    let dropped = settled(shop.client(), &webhook, &["dropped"]);
    let path = format!("/admin/api/webhookdeliveries/{}/redeliver", dropped[0]["id"].as_str().unwrap());
    let answer = shop.client().post(&path, &json!({"meta": {}})).expect(200).json();
    assert_eq!(answer["meta"]["messageId"], dropped[0]["attributes"]["messageId"]);
    assert_eq!(receiver.wait(4)[3].message_id(), dropped[0]["attributes"]["messageId"]);
    let path = format!("/admin/api/webhooks/{webhook}/redeliver");
    let told = |meta: serde_json::Value| shop.client().post(&path, &json!({"meta": meta}));
    settled(shop.client(), &webhook, &["dropped", "delivered"]);
    assert_eq!(told(json!({"from": "2999-01-01"})).expect(200).json()["meta"]["deliveries"], 0);
    assert_eq!(told(json!({"from": "2020-01-01", "to": "2020-01-02"})).expect(200).json()["meta"]["deliveries"], 0);
    assert_eq!(told(json!({"from": "2020-01-01"})).expect(200).json()["meta"]["deliveries"], 2, "those that failed");
    receiver.wait(6);
    settled(shop.client(), &webhook, &["delivered"]);
    let all = json!({"from": "2020-01-01", "statuses": ["delivered"]});
    assert_eq!(told(all).expect(200).json()["meta"]["deliveries"], 3);
    receiver.wait(9);
    told(json!({})).expect(400);
    told(json!({"from": "2020-01-01", "statuses": ["pending"]})).expect(400);
}
