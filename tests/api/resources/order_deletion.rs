//! Orders deleted by a filter, with all that belongs to them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::shop::{Shop, line, one};

const ORDERS: &str = "/admin/api/orders";

/// An order with one address, which is both for the bill and for the parcel.
fn order_with_one_address(shop: &Shop, product: &str, po_number: &str) -> Answer {
    let mut body = shop.order(&[line("1", product, &json!(3), "2.5")]);
    body["data"]["attributes"]["poNumber"] = json!(po_number);
    for relation in ["billingAddress", "shippingAddress"] {
        body["data"]["relationships"][relation] = one("orderaddresses", "a");
    }
    body["included"].as_array_mut().unwrap().push(json!({
        "type": "orderaddresses", "id": "a",
        "attributes": {"street": "Main 1", "city": "Rochester", "postalCode": "14608", "organization": "Acme"},
        "relationships": {"country": one("countries", "US"), "region": one("regions", "US-NY")},
    }));
    shop.client().post(ORDERS, &body)
}

fn delete(shop: &Shop, filter: &str) -> Answer {
    shop.client()
        .send(Method::DELETE, &format!("{ORDERS}?{filter}"), |request| request.header("X-Include", "deletedCount"))
}

#[test]
fn one_address_in_both_places_is_no_obstacle() {
    let shop = Shop::new();
    let product = shop.product("BOTH", &[("item", 0)]);
    let single = order_with_one_address(&shop, &product, "single").expect(201);
    let address = single.json()["data"]["relationships"]["billingAddress"]["data"]["id"].clone();
    shop.client().delete(&format!("{ORDERS}/{}", single.id())).expect(204);
    shop.client().get(&format!("/admin/api/orderaddresses/{}", address.as_str().unwrap())).expect(404);
    for _ in 0..2 {
        order_with_one_address(&shop, &product, "several").expect(201);
    }
    let deleted = delete(&shop, "filter[poNumber]=several").expect(204);
    assert_eq!(deleted.header("X-Include-Deleted-Count"), "2");
    assert_eq!(shop.client().get(ORDERS).expect(200).json()["data"], json!([]));
}

/// An address is no order's own once another order has it too: that one must not lose it.
#[test]
fn an_address_of_another_order_is_not_lost() {
    let shop = Shop::new();
    let product = shop.product("SHARED", &[("item", 0)]);
    let [first, second] = ["first", "second"].map(|name| order_with_one_address(&shop, &product, name).expect(201));
    let address = first.json()["data"]["relationships"]["billingAddress"].clone();
    let relationship = format!("{ORDERS}/{}/relationships/billingAddress", second.id());
    shop.client().patch(&relationship, &json!({"data": address["data"]})).expect(204);
    // What was there before is where the parcel goes.
    let parcel = second.json()["data"]["relationships"]["shippingAddress"]["data"]["id"].clone();
    shop.client().get(&format!("/admin/api/orderaddresses/{}", parcel.as_str().unwrap())).expect(200);
    let error = shop.client().delete(&format!("{ORDERS}/{}", first.id())).expect(403).error();
    assert_eq!(error["detail"], "The delete operation is forbidden. Reason: it is still used by sales order.");
    delete(&shop, "filter[poNumber]=first").expect(403);
    shop.client().get(&format!("{ORDERS}/{}?include=billingAddress,lineItems", first.id())).expect(200);
    // Both together, they have it to themselves.
    let deleted = delete(&shop, &format!("filter[id]={},{}", first.id(), second.id())).expect(204);
    assert_eq!(deleted.header("X-Include-Deleted-Count"), "2");
}

/// "DELETE on a list deletes at most 100 records at once": also of what has most parts, and in a time that a client waits.
#[test]
fn the_most_that_may_be_deleted_goes_quickly() {
    let shop = Shop::new();
    let product = shop.product("MANY", &[("item", 0)]);
    let order = |n: usize| {
        let mut body = shop.order(&[]);
        let lid = |line: usize| format!("l{n}-{line}");
        let lines: Vec<Value> = (0..3).map(|line| json!({"type": "orderlineitems", "id": lid(line)})).collect();
        body["data"]["relationships"]["lineItems"] = json!({"data": lines});
        body["data"].clone()
    };
    let lines = (0..105).flat_map(|n| (0..3).map(move |line| (n, line))).map(|(n, place)| {
        let mut made = line("1", &product, &json!(3), "2.5");
        made["id"] = json!(format!("l{n}-{place}"));
        made
    });
    let body = json!({"data": (0..105).map(order).collect::<Vec<_>>(), "included": lines.collect::<Vec<_>>()});
    let settings = "[batch]\nsync_records = 200\nsync_included = 1000\n[database]\npool_size = 2";
    let server = crate::support::server::TestServer::start(crate::support::database::shared(), settings);
    let made = shop.client().at(server.address).send(Method::PATCH, ORDERS, |request| {
        let request = request.header("X-Mode", "sync").header("Content-Type", crate::support::client::JSON_API);
        request.body(body.to_string())
    });
    made.expect(200);
    let start = Instant::now();
    let deleted = delete(&shop, &format!("filter[customer]={}", shop.customer)).expect(204);
    assert_eq!(deleted.header("X-Include-Deleted-Count"), "100");
    // Far from the statement's and the client's patience, on a busy machine too.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(delete(&shop, &format!("filter[customer]={}", shop.customer)).header("X-Include-Deleted-Count"), "5");
}

/// Several who delete the same at once: each record goes once, and nobody is told of a fault of the server.
#[test]
fn deletions_of_the_same_orders_meet() {
    let shop = Shop::new();
    let product = shop.product("MEET", &[("item", 0)]);
    for _ in 0..12 {
        order_with_one_address(&shop, &product, "meet").expect(201);
    }
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| delete(&shop, "filter[poNumber]=meet"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |answer: &Answer| answer.header("X-Include-Deleted-Count").parse::<usize>().unwrap();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [204; 6], "{}", answers.iter().map(|answer| answer.text.as_str()).collect::<String>());
    assert_eq!(answers.iter().map(count).sum::<usize>(), 12);
}
