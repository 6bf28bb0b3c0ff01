//! Whose rights decide what is told, and who may change a subscription.

use serde_json::json;

use super::receiver::{OK, Receiver};
use super::world::{body, customer, deliveries, rename, settled, shop, subscribe};
use crate::support::client::Client;
use crate::support::shop::one;

fn everything(level: &str) -> serde_json::Value {
    json!({"VIEW": level, "CREATE": level, "EDIT": level, "DELETE": level})
}

/// "The entity must be VIEW-able for the webhook's owner, else that subscriber is skipped."
#[test]
fn an_owner_is_told_what_they_may_view() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let blind = shop.organization.user_who_may(&json!({"webhooks": everything("user")}));
    let own = shop.organization.user_who_may(&json!({"webhooks": everything("user"), "customers": everything("user")}));
    for user in [&blind, &own] {
        subscribe(&user.client, &receiver, "customer.updated");
    }
    let all = subscribe(shop.client(), &receiver, "customer.updated");
    let foreign = customer(&shop);
    let mine =
        own.client.post("/admin/api/customers", &json!({"data": {"type": "customers", "attributes": {"name": "M"}}}));
    let mine = mine.expect(201).id();
    rename(&shop, &foreign, "foreign");
    rename(&shop, &mine, "mine");
    let told = receiver.wait(3);
    let count = |id: &str| told.iter().filter(|message| message.record() == id).count();
    assert_eq!((count(&foreign), count(&mine)), (1, 2), "the blind one is told nothing, the other one of their own");
    assert_eq!(deliveries(shop.client(), &all).len(), 2);
}

/// Nor that it is there, by a message without the record: `thin` leaves out what a record holds, not whose it is.
#[test]
fn an_owner_is_told_no_id_of_what_they_may_not_view() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let own = shop.organization.user_who_may(
        &json!({"webhooks": everything("user"), "webhookdeliveries": everything("user"), "customers": everything("user")}),
    );
    let thin = |client: &Client| {
        let mut thin = body(&receiver.url, "customer.updated", &json!({}));
        thin["data"]["relationships"]["format"] = one("webhookformats", "thin");
        client.post("/admin/api/webhooks", &thin).expect(201).id()
    };
    let (limited, all) = (thin(&own.client), thin(shop.client()));
    let mine =
        own.client.post("/admin/api/customers", &json!({"data": {"type": "customers", "attributes": {"name": "M"}}}));
    let (foreign, mine) = (customer(&shop), mine.expect(201).id());
    rename(&shop, &foreign, "foreign");
    rename(&shop, &mine, "mine");
    assert_eq!(settled(shop.client(), &all, &["delivered"]).len(), 2);
    let noted = settled(&own.client, &limited, &["delivered"]);
    assert_eq!(noted.len(), 1, "{noted:?}");
    let of_foreign = receiver.wait(3).iter().filter(|message| message.record() == foreign).count();
    assert_eq!(of_foreign, 1, "the administrator's alone");
}

/// Nothing crosses organizations.
#[test]
fn other_organizations_are_told_nothing() {
    let (shop, other) = (shop(), super::world::shop());
    let receiver = Receiver::new(|_, _| OK);
    let foreign = subscribe(other.client(), &receiver, "customer.created");
    let own = subscribe(shop.client(), &receiver, "customer.created");
    let id = customer(&shop);
    assert_eq!(receiver.wait(1)[0].record(), id);
    assert!(deliveries(other.client(), &foreign).is_empty());
    assert_eq!(deliveries(shop.client(), &own).len(), 1);
    shop.client().get(&format!("/admin/api/webhooks/{foreign}")).expect(404);
    shop.client()
        .post(&format!("/admin/api/webhooks/{foreign}/redeliver"), &json!({"meta": {"from": "2020"}}))
        .expect(404);
}

#[test]
fn a_disabled_owner_is_told_nothing() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let owner = shop.organization.user_who_may(&json!({"*": everything("organization")}));
    let webhook = subscribe(&owner.client, &receiver, "customer.created");
    shop.change("users", &owner.id.to_string(), &json!({"enabled": false})).expect(200);
    customer(&shop);
    assert!(deliveries(shop.client(), &webhook).is_empty());
}

/// What a webhook sends is what its owner may view: nobody takes another owner, or changes where the webhook of another
/// goes, who may do more than they.
#[test]
fn nobody_learns_more_through_another_owner() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let level =
        json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "ASSIGN": "organization"});
    let editor = shop.organization.user_who_may(&json!({"webhooks": level, "users": {"VIEW": "organization"}}));
    let admin = shop.organization.admin.id.to_string();
    let mut of_admin = body(&receiver.url, "customer.created", &json!({}));
    of_admin["data"]["relationships"]["owner"] = one("users", &admin);
    editor.client.post("/admin/api/webhooks", &of_admin).expect(403);
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    let path = format!("/admin/api/webhooks/{webhook}");
    let change =
        json!({"data": {"type": "webhooks", "id": webhook, "attributes": {"notificationUrl": "https://example.com/"}}});
    editor.client.patch(&path, &change).expect(403);
    editor.client.post(&format!("{path}/rotateSecret"), &json!({"meta": {"secret": "mine"}})).expect(403);
    let viewer = shop.organization.user_who_may(&json!({"webhooks": {"VIEW": "organization"}}));
    viewer.client.post(&format!("{path}/rotateSecret"), &json!({"meta": {"secret": "mine"}})).expect(403);
}

/// Messages were written with the rights of who owned the webhook then: the next owner is not sent them.
#[test]
fn a_new_owner_is_not_told_what_the_former_one_was() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    customer(&shop);
    receiver.wait(1);
    let delivery = settled(shop.client(), &webhook, &["delivered"])[0]["id"].as_str().unwrap().to_owned();
    let blind = shop.organization.user_who_may(&json!({"webhooks": everything("user")}));
    let owner = json!({"owner": one("users", &blind.id.to_string())});
    let change = json!({"data": {"type": "webhooks", "id": webhook, "relationships": owner}});
    let path = format!("/admin/api/webhooks/{webhook}");
    shop.client().patch(&path, &change).expect(200);
    let all = json!({"meta": {"from": "2020-01-01", "statuses": ["delivered"]}});
    let again = blind.client.post(&format!("{path}/redeliver"), &all).expect(200).json();
    assert_eq!(again["meta"]["deliveries"], 0);
    let one = format!("/admin/api/webhookdeliveries/{delivery}/redeliver");
    assert_eq!(shop.client().post(&one, &json!({"meta": {}})).expect(409).error()["code"], "conflict");
}
