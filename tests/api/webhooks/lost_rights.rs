//! Messages that wait while their owner loses rights: nothing is sent that the owner may not view any more.

use serde_json::{Value, json};

use super::receiver::{OK, Receiver, Reply};
use super::world::{customer, deliveries, eventually, rename, settled, shop, subscribe};
use crate::support::client::Client;
use crate::support::organization::{User, unique};
use crate::support::shop::{Shop, many, one};

const WITHHELD: &str = "The owner of the webhook may not view this record any more.";

/// A receiver that wants the first so many messages much later.
fn busy(first: usize) -> Receiver {
    Receiver::new(move |_, before| if before < first { Reply::Status(503, "Retry-After: 3600\r\n", "") } else { OK })
}

fn level(level: &str) -> Value {
    json!({"VIEW": level, "CREATE": level, "EDIT": level, "DELETE": level})
}

/// A user whose role can be edited: the user, and the role's id.
fn owner(shop: &Shop, permissions: &Value) -> (User, String) {
    let name = unique("ROLE");
    let attributes = json!({"role": name, "label": name, "permissions": permissions});
    let role = shop.create("userroles", &attributes, &json!({}));
    let user = shop.organization.user_who_may(&json!({}));
    let links = json!({"userRoles": many("userroles", &[&role])});
    let body = json!({"data": {"type": "users", "id": user.id.to_string(), "relationships": links}});
    shop.client().patch(&format!("/admin/api/users/{}", user.id), &body).expect(200);
    (user, role)
}

/// Waits until the message was tried, and waits for the next time.
fn postponed(client: &Client, webhook: &str) -> String {
    eventually("the first attempt", || {
        let all = deliveries(client, webhook);
        let waiting = all.iter().find(|one| one["attributes"]["responseStatus"] == 503)?;
        Some(waiting["id"].as_str().unwrap().to_owned())
    })
}

/// The message is tried again now.
fn try_now(client: &Client, delivery: &str) {
    client.post(&format!("/admin/api/webhookdeliveries/{delivery}/redeliver"), &json!({"meta": {}})).expect(200);
}

fn ended(client: &Client, webhook: &str) -> Value {
    settled(client, webhook, &["delivered", "dropped"])[0]["attributes"].clone()
}

/// "The entity must be VIEW-able for the webhook's owner": then and when it is sent.
#[test]
fn what_waits_is_not_sent_when_the_role_lost_the_type() {
    let shop = shop();
    let (user, role) = owner(&shop, &json!({"webhooks": level("user"), "customers": level("organization")}));
    let receiver = busy(1);
    let webhook = subscribe(&user.client, &receiver, "customer.created");
    customer(&shop);
    let delivery = postponed(shop.client(), &webhook);
    shop.change("userroles", &role, &json!({"permissions": {"webhooks": level("user")}})).expect(200);
    try_now(shop.client(), &delivery);
    let told = ended(shop.client(), &webhook);
    assert_eq!((&told["status"], &told["error"]), (&json!("dropped"), &json!(WITHHELD)));
    assert!(told["attempts"] == 1 && told["responseStatus"] == 503, "nothing was attempted: {told}");
    customer(&shop);
    assert_eq!(deliveries(shop.client(), &webhook).len(), 1, "nothing new is noted");
    assert_eq!(receiver.received().len(), 1);
}

/// Rights that stop at some records: those of the owner are sent, a record that became another's is not.
#[test]
fn what_waits_is_not_sent_when_the_record_is_anothers() {
    let shop = shop();
    let (user, _) =
        owner(&shop, &json!({"webhooks": level("user"), "customers": level("user"), "users": level("organization")}));
    let receiver = busy(2);
    let webhook = subscribe(&user.client, &receiver, "customer.created");
    let make = || {
        let body = json!({"data": {"type": "customers", "attributes": {"name": unique("Own")}}});
        user.client.post("/admin/api/customers", &body).expect(201).id()
    };
    let (given, kept) = (make(), make());
    receiver.wait(2);
    let waiting = eventually("both attempts", || {
        let all = deliveries(shop.client(), &webhook);
        all.iter().all(|one| one["attributes"]["responseStatus"] == 503).then_some(all)
    });
    let admin = shop.organization.admin.id.to_string();
    let body = json!({"data": {"type": "customers", "id": given, "relationships": {"owner": one("users", &admin)}}});
    shop.client().patch(&format!("/admin/api/customers/{given}"), &body).expect(200);
    waiting.iter().for_each(|one| try_now(shop.client(), one["id"].as_str().unwrap()));
    let told = settled(shop.client(), &webhook, &["delivered", "dropped"]);
    for one in &told {
        let expected = if one["attributes"]["entityId"] == json!(given) { "dropped" } else { "delivered" };
        assert_eq!(one["attributes"]["status"], expected, "{one}");
    }
    assert_eq!(receiver.received()[2].record(), kept);
}

/// A record that is gone belongs to nobody: what was told of it is sent while the rights are what they were.
#[test]
fn of_a_record_that_is_gone_the_rights_then_and_now_decide() {
    let shop = shop();
    let rights = |customers: &str| json!({"webhooks": level("user"), "customers": level(customers)});
    let (user, role) = owner(&shop, &rights("user"));
    let receiver = busy(2);
    let webhook = subscribe(&user.client, &receiver, "customer.deleted");
    let remove = || {
        let body = json!({"data": {"type": "customers", "attributes": {"name": unique("Own")}}});
        let id = user.client.post("/admin/api/customers", &body).expect(201).id();
        user.client.delete(&format!("/admin/api/customers/{id}")).expect(204);
    };
    remove();
    let delivery = postponed(shop.client(), &webhook);
    shop.change("userroles", &role, &json!({"label": unique("Label")})).expect(200);
    // The second attempt is postponed as well: it was made.
    try_now(shop.client(), &delivery);
    receiver.wait(2);
    eventually("its end", || (deliveries(shop.client(), &webhook)[0]["attributes"]["attempts"] == 2).then_some(()));
    eventually("its record", || {
        deliveries(shop.client(), &webhook)[0]["attributes"]["nextAttemptAt"].as_str().map(drop)
    });
    shop.change("userroles", &role, &json!({"permissions": rights("business-unit")})).expect(200);
    eventually("the refusal", || {
        let again = format!("/admin/api/webhookdeliveries/{delivery}/redeliver");
        shop.client().post(&again, &json!({"meta": {}})).expect(200);
        (deliveries(shop.client(), &webhook)[0]["attributes"]["error"] == WITHHELD).then_some(())
    });
    assert_eq!(receiver.received().len(), 2);
}

/// What a message includes is looked at too: the product of a stock level.
#[test]
fn what_is_included_must_be_viewable_still() {
    let shop = shop();
    let all = level("organization");
    let (user, role) = owner(&shop, &json!({"webhooks": level("user"), "inventorylevels": all, "products": all}));
    let product = shop.product("A", &[("item", 0)]);
    let receiver = busy(1);
    let webhook = subscribe(&user.client, &receiver, "inventorylevel.updated");
    let levels = shop.client().get(&format!("/admin/api/inventorylevels?filter[product]={product}")).expect(200).json();
    let stock = levels["data"][0]["id"].as_str().unwrap();
    shop.change("inventorylevels", stock, &json!({"quantity": "7"})).expect(200);
    let delivery = postponed(shop.client(), &webhook);
    assert!(receiver.received()[0].json()["eventData"]["included"].as_array().is_some_and(|list| !list.is_empty()));
    let fewer = json!({"webhooks": level("user"), "inventorylevels": all});
    shop.change("userroles", &role, &json!({"permissions": fewer})).expect(200);
    try_now(shop.client(), &delivery);
    assert_eq!(ended(shop.client(), &webhook)["error"], WITHHELD);
    // New ones show no product, and are sent.
    shop.change("inventorylevels", stock, &json!({"quantity": "8"})).expect(200);
    let told = receiver.wait(2)[1].json();
    assert!(told["eventData"]["included"].is_null(), "{told}");
}

/// A disabled owner is told nothing, neither what is new nor what waits; who comes back is told what waits. And who is
/// deleted has no webhooks any more.
#[test]
fn a_disabled_owner_waits_and_a_deleted_one_is_told_nothing() {
    let shop = shop();
    let (user, _) = owner(&shop, &json!({"webhooks": level("user"), "customers": level("organization")}));
    let receiver = busy(1);
    let webhook = subscribe(&user.client, &receiver, "customer.updated");
    let id = customer(&shop);
    rename(&shop, &id, "first");
    let delivery = postponed(shop.client(), &webhook);
    let user_id = user.id.to_string();
    shop.change("users", &user_id, &json!({"enabled": false})).expect(200);
    try_now(shop.client(), &delivery);
    rename(&shop, &id, "second");
    // Another subscriber's message, sent meanwhile, shows that the dispatcher has looked.
    let witness = Receiver::new(|_, _| OK);
    subscribe(shop.client(), &witness, "customer.updated");
    rename(&shop, &id, "third");
    witness.wait(1);
    assert_eq!((receiver.received().len(), deliveries(shop.client(), &webhook).len()), (1, 1));
    shop.change("users", &user_id, &json!({"enabled": true})).expect(200);
    settled(shop.client(), &webhook, &["delivered"]);
    let path = format!("/admin/api/users/{user_id}");
    // Clients act as the user: the tests' own goes first.
    shop.organization.write(|conn| {
        use diesel::prelude::*;
        diesel::sql_query("DELETE FROM oauth_access_token WHERE user_id = $1")
            .bind::<diesel::sql_types::BigInt, _>(user.id)
            .execute(conn)?;
        Ok(diesel::sql_query("DELETE FROM oauth_client WHERE owner_user_id = $1")
            .bind::<diesel::sql_types::BigInt, _>(user.id)
            .execute(conn)
            .map(drop)?)
    });
    let refused = shop.client().delete(&path).expect(403).error();
    assert!(refused["detail"].as_str().unwrap().contains("webhook"), "{refused}");
    shop.client().delete(&format!("/admin/api/webhooks/{webhook}")).expect(204);
    shop.client().delete(&path).expect(204);
}

/// Users stay in their organization, and so do their webhooks.
#[test]
fn an_owner_does_not_move_to_another_organization() {
    let (shop, other) = (shop(), super::world::shop());
    let (user, _) = owner(&shop, &json!({"webhooks": level("user"), "customers": level("organization")}));
    let receiver = Receiver::new(|_, _| OK);
    let webhook = subscribe(&user.client, &receiver, "customer.created");
    let there = json!({"organization": one("organizations", &other.organization.id().to_string())});
    let body = json!({"data": {"type": "users", "id": user.id.to_string(), "relationships": there}});
    let answer = shop.client().patch(&format!("/admin/api/users/{}", user.id), &body);
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    customer(&other);
    let own = customer(&shop);
    assert_eq!(receiver.wait(1)[0].record(), own);
    assert_eq!(deliveries(shop.client(), &webhook).len(), 1);
}
