//! What is noted, in the transaction that changes: neither less nor more, and what it costs.

use std::sync::OnceLock;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::receiver::{OK, Receiver};
use super::world::{SETTINGS, body, customer, deliveries, rename, settled, shop, subscribe};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;
use crate::support::shop::{Shop, line, many};

/// "none sent for a rolled-back write"
#[test]
fn what_is_rolled_back_is_not_told() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let created = subscribe(shop.client(), &receiver, "order.created");
    let product = shop.product("A", &[("item", 0)]);
    let mut draft = shop.order(&[line("1", &product, &json!(1), "1")]);
    draft["data"]["meta"] = json!({"validate": true});
    shop.client().post("/admin/api/orders", &draft).expect(201);
    let operations = json!({"atomic:operations": [
        {"op": "add", "data": {"type": "customers", "attributes": {"name": "A"}}},
        {"op": "add", "data": {"type": "customers", "attributes": {"name": ""}}},
    ]});
    let customers = subscribe(shop.client(), &receiver, "customer.created");
    let media = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";
    let failed = shop.client().send(reqwest::Method::POST, "/admin/api/operations", |request| {
        request.header("Content-Type", media).header("Accept", media).body(operations.to_string())
    });
    failed.expect(400);
    assert!(deliveries(shop.client(), &created).is_empty() && deliveries(shop.client(), &customers).is_empty());
}

/// A record that is sent as it is has not changed.
#[test]
fn nothing_changed_nothing_told() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let id = customer(&shop);
    rename(&shop, &id, "Same");
    let webhook = subscribe(shop.client(), &receiver, "customer.updated");
    rename(&shop, &id, "Same");
    assert!(deliveries(shop.client(), &webhook).is_empty());
}

/// A server of its own without a dispatcher: nobody else's statements are counted.
fn quiet() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let url = database::of_group("capture");
        TestServer::start(&url, "[webhooks]\nallowed_networks = [\"127.0.0.1/32\"]")
    })
}

/// A customer with that many below it, in one request.
fn tree(count: usize) -> Value {
    let labels: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    let one = |label: &&str| json!({"type": "customers", "id": label, "attributes": {"name": label}});
    json!({
        "data": {
            "type": "customers", "attributes": {"name": "All"},
            "relationships": {"children": many("customers", &names)},
        },
        "included": names.iter().map(one).collect::<Vec<_>>(),
    })
}

/// "without subscriptions a write gets no statement more", "In batches set-based (one rendering statement per resource and
/// owner, not per record)".
#[test]
fn what_nobody_watches_costs_nothing_and_many_cost_what_one_costs() {
    let server = quiet();
    let shop = Shop::of(Organization::on(server));
    let receiver = Receiver::new(|_, _| OK);
    let id = customer(&shop);
    let mut turn = 0;
    let mut cost = |shop: &Shop| {
        // The least of some after the first: that one prepares, and the server asks for the caller's rights now and then.
        let spent = (0..4).map(|_| {
            turn += 1;
            let before = server.db.statements();
            rename(shop, &id, &format!("turn {turn}"));
            server.db.statements() - before
        });
        spent.skip(1).min().expect("three times")
    };
    let unwatched = cost(&shop);
    let other = subscribe(shop.client(), &receiver, "customer.deleted");
    assert_eq!(cost(&shop), unwatched, "a subscription to something else costs nothing");
    subscribe(shop.client(), &receiver, "customer.updated");
    let watched = cost(&shop);
    assert!(watched > unwatched && watched <= unwatched + 7, "{unwatched} and {watched} statements");
    shop.client().delete(&format!("/admin/api/webhooks/{other}")).expect(204);
}

/// A batch of 1,000 with one subscription.
#[test]
fn a_thousand_are_noted_together() {
    let server = TestServer::lasting(&database::own(), "[webhooks]\nallowed_networks = [\"127.0.0.1/32\"]");
    let shop = Shop::of(Organization::on(server));
    let receiver = Receiver::new(|_, _| OK);
    // The least of some: the server asks for the caller's rights again now and then.
    let cost = || {
        let spent = [1, 999, 999].map(|count| {
            let before = server.db.statements();
            shop.client().post("/admin/api/customers", &tree(count)).expect(201);
            server.db.statements() - before
        });
        spent[1].min(spent[2])
    };
    let alone = cost();
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    let watched = cost();
    assert!(watched <= alone + 7, "{alone} and {watched} statements");
    let path = format!("/admin/api/webhookdeliveries?filter[webhook]={webhook}&page[size]=1");
    let counted = shop.client().send(reqwest::Method::GET, &path, |request| request.header("X-Include", "totalCount"));
    assert_eq!(counted.header("x-include-total-count"), "2002");
}

/// "If the entity cannot be read the fallback is `{"data":{"type","id"}}`": a subscription never makes a write fail.
#[test]
fn what_cannot_be_rendered_is_told_by_its_id() {
    let server = TestServer::lasting(&database::own(), SETTINGS);
    let shop = Shop::of(Organization::on(server));
    let receiver = Receiver::new(|_, _| OK);
    let webhook = subscribe(shop.client(), &receiver, "order.deleted");
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
    shop.organization.write(|conn| {
        Ok(diesel::sql_query("ALTER VIEW sales_order_subtotal RENAME TO elsewhere").execute(conn).map(drop)?)
    });
    shop.client().delete(&format!("/admin/api/orders/{order}")).expect(204);
    settled(shop.client(), &webhook, &["delivered"]);
    assert_eq!(receiver.received()[0].json()["eventData"], json!({"data": {"type": "orders", "id": order}}));
}

/// Webhooks are the back office's: the storefront has no such resource, for its own users either.
#[test]
fn the_storefront_has_no_webhooks() {
    let shop = shop();
    let buyer = shop.organization.storefront_user().client;
    buyer.post("/api/webhooks", &body("https://example.com/", "order.created", &json!({}))).expect(404);
    buyer.get("/api/webhookdeliveries").expect(404);
}
