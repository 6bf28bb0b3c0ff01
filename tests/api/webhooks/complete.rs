//! Every change that has a topic is told, whichever way it was written: the change rows of a day against the messages.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use entrepot::webhooks::topic::{ACTIONS, ENTITIES};
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{OK, Receiver};
use super::world::{SETTINGS, customer, eventually, rename, subscribe};
use crate::spec::atomic::ATOMIC;
use crate::support::client::JSON_API;
use crate::support::database;
use crate::support::organization::{Organization, customer_user_permissions, unique};
use crate::support::server::TestServer;
use crate::support::shop::{Shop, line, one};

#[derive(QueryableByName, Debug)]
struct Event {
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = Text)]
    record: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

/// How often what happened to which record.
type Events = BTreeMap<(String, String, String), i64>;

fn events(shop: &Shop, sql: &str) -> Events {
    let found: Vec<Event> = shop.organization.write(|conn| Ok(diesel::sql_query(sql).load(conn)?));
    found.into_iter().map(|event| ((event.resource, event.record, event.action), event.times)).collect()
}

/// The day of a back office and of a buyer; the answer: what must have happened in it, at the least.
fn day(shop: &Shop) -> Vec<(&'static str, &'static str)> {
    let client = shop.client();
    singly(shop);
    prices_by_rule(shop);
    let made = customer(shop);
    let operations = json!({"atomic:operations": [
        {"op": "add", "data": {"type": "customers", "attributes": {"name": unique("Atomic")}}},
        {"op": "update", "data": {"type": "customers", "id": made, "attributes": {"name": unique("Atomic")}}},
        {"op": "remove", "ref": {"type": "customers", "id": customer(shop)}},
    ]});
    let atomic = client.send(Method::POST, "/admin/api/operations", |request| {
        request.header("Content-Type", ATOMIC).header("Accept", ATOMIC).body(operations.to_string())
    });
    atomic.expect(200);
    let batch = json!({"data": [
        {"type": "customers", "id": made, "meta": {"update": true}, "attributes": {"name": unique("Batch")}},
        {"type": "customers", "id": "new", "attributes": {"name": unique("Batch")}},
    ]});
    let sync = client.send(Method::PATCH, "/admin/api/customers", |request| {
        request.header("Content-Type", JSON_API).header("X-Mode", "sync").body(batch.to_string())
    });
    assert!((200..300).contains(&sync.status), "{}", sync.text);
    let lines: String = (0..50)
        .map(|_| json!({"type": "customers", "attributes": {"name": unique("Lines")}}).to_string() + "\n")
        .collect();
    let accepted = client.send(Method::PATCH, "/admin/api/customers", |request| {
        request.header("Content-Type", "application/x-ndjson").body(lines)
    });
    let operation = accepted.expect(202).id();
    eventually("the batch", || {
        let operation = client.get(&format!("/admin/api/asyncoperations/{operation}")).expect(200).json();
        (operation["data"]["attributes"]["status"] == "success").then_some(())
    });
    client.delete(&format!("/admin/api/customers?filter[id]={made}")).expect(204);
    let both = ["customers", "products", "productprices", "orders", "categories", "users", "customerusers"];
    let all = both.into_iter().flat_map(|kind| ["created", "updated", "deleted"].map(|action| (kind, action)));
    all.chain([("inventorylevels", "created"), ("inventorylevels", "updated"), ("inventorylevels", "deleted")])
        .collect()
}

/// One request each: the record itself, its parts, what goes with it, the buyer's own.
fn singly(shop: &Shop) {
    let client = shop.client();
    let firm = customer(shop);
    rename(shop, &firm, &unique("Renamed"));
    let buyer = shop.organization.customer_user(firm.parse().unwrap(), &customer_user_permissions("division"));
    let name =
        json!({"data": {"type": "customerusers", "id": buyer.id.to_string(), "attributes": {"firstName": "Other"}}});
    buyer.client.patch(&format!("/api/customerusers/{}", buyer.id), &name).expect(200);
    let (other, _) = shop.organization.add_customer_user(firm.parse().unwrap(), &json!({}));
    client.delete(&format!("/admin/api/customerusers/{other}")).expect(204);
    let title = json!({"data": {
        "type": "categories",
        "relationships": {"titles": {"data": [{"type": "categorytitles", "id": "title"}]}},
    }, "included": [{"type": "categorytitles", "id": "title", "attributes": {"string": "Tools"}}]});
    let category = client.post("/admin/api/categories", &title).expect(201);
    let part = category.json()["data"]["relationships"]["titles"]["data"][0]["id"].as_str().unwrap().to_owned();
    shop.change("categorytitles", &part, &json!({"string": "Other tools"})).expect(200);
    client.delete(&format!("/admin/api/categories/{}", category.id())).expect(204);
    let unit = json!({"owner": one("businessunits", &shop.organization.first.business_unit.to_string())});
    let attributes = json!({
        "username": unique("clerk"), "email": format!("{}@example.org", unique("clerk")), "firstName": "A", "lastName": "B",
    });
    let clerk = shop.create("users", &attributes, &unit);
    shop.change("users", &clerk, &json!({"firstName": "C"})).expect(200);
    client.delete(&format!("/admin/api/users/{clerk}")).expect(204);
    let product = shop.product(&unique("SKU"), &[("item", 0), ("set", 0)]);
    let found = client.get(&format!("/admin/api/inventorylevels?filter[product]={product}")).expect(200).json();
    let stock = found["data"][0]["id"].as_str().unwrap();
    shop.change("inventorylevels", stock, &json!({"quantity": "12"})).expect(200);
    let order = shop.try_order(&[line("1", &product, &json!(2), "5")]).expect(201);
    let first = order.json()["data"]["relationships"]["lineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    // The order's totals follow.
    shop.change("orderlineitems", &first, &json!({"quantity": 3})).expect(200);
    client.delete(&format!("/admin/api/orders/{}", order.id())).expect(204);
    // With its units and their stock.
    let other = shop.product(&unique("SKU"), &[("item", 0)]);
    shop.change("products", &other, &json!({"status": "disabled"})).expect(200);
    client.delete(&format!("/admin/api/products/{other}")).expect(204);
}

/// Prices that follow from a rule: made, changed, removed by every way that leads there.
fn prices_by_rule(shop: &Shop) {
    let client = shop.client();
    let (a, b) = (shop.product(&unique("SKU"), &[("item", 0)]), shop.product(&unique("SKU"), &[("item", 0)]));
    let source = shop.price_list(&["USD"]);
    let base = shop.try_price(&source, &a, &json!({"value": "10"})).expect(201).id();
    shop.try_price(&source, &b, &json!({"value": "20"})).expect(201);
    let attributes = json!({
        "name": unique("Ruled"), "priceListCurrencies": ["USD"], "productAssignmentRule": "product.status == 'enabled'",
    });
    let list = shop.create("pricelists", &attributes, &json!({}));
    let rule = json!({"currency": "USD", "quantity": 1, "priority": 1, "rule": format!("pricelist[{source}].prices.value * 2")});
    let links = json!({"priceList": one("pricelists", &list), "productUnit": one("productunits", "item")});
    let rule = shop.create("pricerules", &rule, &links);
    // A price that others follow from, in a batch as well.
    shop.change("productprices", &base, &json!({"value": "11"})).expect(200);
    let batch = json!({"data": [
        {"type": "productprices", "id": base, "meta": {"update": true}, "attributes": {"value": "12"}},
    ]});
    let sync = client.send(Method::PATCH, "/admin/api/productprices", |request| {
        request.header("Content-Type", JSON_API).header("X-Mode", "sync").body(batch.to_string())
    });
    assert!((200..300).contains(&sync.status), "{}", sync.text);
    // The product leaves the list and comes back; the rule changes; the base price goes; the rule goes.
    shop.change("products", &a, &json!({"status": "disabled"})).expect(200);
    shop.change("products", &a, &json!({"status": "enabled"})).expect(200);
    shop.change("pricerules", &rule, &json!({"rule": format!("pricelist[{source}].prices.value * 3")})).expect(200);
    client.delete(&format!("/admin/api/productprices/{base}")).expect(204);
    client.delete(&format!("/admin/api/pricerules/{rule}")).expect(204);
}

/// "driven from the change rows, so that none is lost": none is missing, and none is made up.
#[test]
fn every_change_with_a_topic_is_told_however_it_was_written() {
    let server = TestServer::lasting(&database::own(), SETTINGS);
    let shop = Shop::of(Organization::on(server));
    let receiver = Receiver::new(|_, _| OK);
    for topic in ENTITIES.iter().flat_map(|entity| ACTIONS.map(|action| entity.topic(action))) {
        subscribe(shop.client(), &receiver, &topic);
    }
    let types: Vec<String> = ENTITIES.iter().map(|entity| format!("'{}'", entity.resource.name)).collect();
    let expected = day(&shop);
    let changes = format!(
        "SELECT resource, record_id AS record, action, count(*) AS times FROM change WHERE organization_id = {} \
         AND resource IN ({}) AND at >= (SELECT max(created_at) FROM webhook) GROUP BY 1, 2, 3",
        shop.organization.id(),
        types.join(", ")
    );
    let told = "SELECT resource, record_id AS record, split_part(topic, '.', 2) AS action, count(*) AS times \
                FROM webhook_delivery GROUP BY 1, 2, 3";
    let (changes, told) = (events(&shop, &changes), events(&shop, told));
    let missing: Vec<_> = changes.iter().filter(|(event, times)| told.get(*event) != Some(*times)).collect();
    assert!(missing.is_empty(), "missing, or told too often: {missing:?}");
    let invented: Vec<_> = told.keys().filter(|event| !changes.contains_key(*event)).collect();
    assert!(invented.is_empty(), "no such change: {invented:?}");
    for (kind, action) in expected {
        assert!(changes.keys().any(|(of, _, what)| of == kind && what == action), "nothing {action} of {kind}");
    }
    let deleted = |price: &&super::receiver::Received| price.header("webhook-topic") == "productprice.deleted";
    let count = told.iter().filter(|((kind, _, what), _)| kind == "productprices" && what == "deleted").count();
    let prices = eventually("the prices", || {
        let found: Vec<Value> = receiver.received().iter().filter(deleted).map(|one| one.json()).collect();
        (found.len() >= count).then_some(found)
    });
    let whole = |price: &Value| price["eventData"]["data"]["attributes"]["value"].is_string();
    assert!(prices.iter().all(whole), "a price that a rule removes is shown as it was");
}
