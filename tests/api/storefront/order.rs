//! What customers see of their orders beside lines and totals: payment, shipping, status and documents.

use serde_json::{Value, json};

use super::World;
use crate::support::organization::customer_user_permissions;
use crate::support::shop::many;

/// "paymentStatus … code and label. Possible values: `full`, `partially`, `invoiced`, `authorized`, `declined`, `pending`."
#[test]
fn how_far_an_order_is_paid_is_told_by_the_back_office() {
    let world = World::new();
    let (user, own) = world.caller(&customer_user_permissions("division"));
    let shown = |name: &str| {
        let answer = user.client.get(&format!("/api/orders/{}", own.id("orders"))).expect(200).json();
        answer["data"]["attributes"][name].clone()
    };
    assert_eq!(shown("paymentStatus"), json!({"code": "pending", "label": "Pending payment"}));
    for (code, label) in [
        ("full", "Paid in full"),
        ("partially", "Paid partially"),
        ("invoiced", "Invoiced"),
        ("authorized", "Payment authorized"),
        ("declined", "Payment declined"),
        ("pending", "Pending payment"),
    ] {
        world.shop.change("orders", own.id("orders"), &json!({"paymentStatus": code})).expect(200);
        assert_eq!(shown("paymentStatus"), json!({"code": code, "label": label}));
    }
    world.shop.change("orders", own.id("orders"), &json!({"paymentStatus": "free"})).expect(400);
}

/// "paymentMethod: an array of objects with `code` and `label`", "shippingMethod: `code`, `type` and `label`".
#[test]
fn methods_have_a_code_and_a_label() {
    let world = World::new();
    let (user, own) = world.caller(&customer_user_permissions("division"));
    let order = own.id("orders");
    let shown = |name: &str| {
        let answer = user.client.get(&format!("/api/orders/{order}")).expect(200).json();
        answer["data"]["attributes"][name].clone()
    };
    assert_eq!(shown("paymentMethod"), json!([]));
    assert_eq!(shown("shippingMethod"), Value::Null);
    let term = world.shop.create("paymentterms", &json!({"label": "net 10"}), &json!({}));
    let body = json!({"data": {"type": "paymentterms", "id": term}});
    let path = format!("/admin/api/orders/{order}/relationships/paymentTerm");
    world.shop.client().patch(&path, &body).expect(204);
    assert_eq!(shown("paymentMethod"), json!([{"code": "payment_term", "label": "Payment Term"}]));
    assert_eq!(shown("paymentTerm"), "net 10");
    let methods =
        json!({"paymentMethod": "money_order_3", "shippingMethod": "flat_rate_1", "shippingMethodType": "primary"});
    world.shop.change("orders", order, &methods).expect(200);
    assert_eq!(shown("paymentMethod"), json!([{"code": "money_order_3", "label": "Money Order"}]));
    assert_eq!(shown("shippingMethod"), json!({"code": "flat_rate_1", "type": "primary", "label": "Flat Rate"}));
}

/// "in the storefront `status` then mirrors `internalStatus`"; "internal: whether the order status is an internal and cannot
/// be used during creation of new orders".
#[test]
fn an_order_without_external_status_shows_the_internal_one() {
    let world = World::new();
    let (user, own) = world.caller(&customer_user_permissions("division"));
    let path = format!("/api/orders/{}?include=status", own.id("orders"));
    let answer = user.client.get(&path).expect(200).json();
    let internal = world.shop.client().get(&format!("/admin/api/orders/{}", own.id("orders"))).expect(200).json();
    let internal = internal["data"]["relationships"]["internalStatus"]["data"]["id"].clone();
    assert_eq!(answer["data"]["relationships"]["status"]["data"], json!({"type": "orderstatuses", "id": internal}));
    assert_eq!(answer["included"][0]["attributes"], json!({"name": "Open", "internal": false}));
    let found = super::ids(&user.client, &format!("/api/orders?filter[status]={}", internal.as_str().unwrap()));
    assert!(found.contains(&own.id("orders").to_owned()));
    let list = user.client.get("/api/orderstatuses").expect(200).json();
    let statuses: Vec<(&str, bool)> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["id"].as_str().unwrap(), item["attributes"]["internal"].as_bool().unwrap()))
        .collect();
    for status in [("open", false), ("shipped", false), ("archived", true), ("pending", true)] {
        assert!(statuses.contains(&status), "{status:?} of {statuses:?}");
    }
}

/// The documents of an order are fetched by who may view it, and by nobody else.
#[test]
fn documents_are_for_those_who_see_the_order() {
    let world = World::new();
    let (user, own) = world.caller(&customer_user_permissions("division"));
    let invoice = json!({"content": "aGVsbG8=", "mimeType": "application/pdf", "originalFilename": "invoice.pdf"});
    let invoice = world.shop.create("files", &invoice, &json!({}));
    let elsewhere = world.shop.create("files", &json!({"externalUrl": "https://files.example.org/1"}), &json!({}));
    let path = format!("/admin/api/orders/{}/relationships/documents", own.id("orders"));
    world.shop.client().patch(&path, &many("files", &[&invoice, &elsewhere])).expect(204);
    let answer = user.client.get(&format!("/api/orders/{}", own.id("orders"))).expect(200).json();
    let documents = answer["data"]["attributes"]["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["mimeType"], "application/pdf");
    assert_eq!(documents[0]["originalFilename"], "invoice.pdf");
    assert_eq!(documents[1]["url"], "https://files.example.org/1");
    let url = documents[0]["url"].as_str().unwrap();
    let fetched = user.client.get(url).expect(200);
    assert_eq!(fetched.text, "hello");
    assert_eq!(fetched.header("Cache-Control"), "private, no-cache");
    let stranger =
        world.shop.organization.customer_user(world.foreign.customer, &customer_user_permissions("division"));
    stranger.client.get(url).expect(403);
    let (limited, _) = world.caller(&json!({"products": {"VIEW": "division"}}));
    limited.client.get(url).expect(403);
    world.shop.organization.server.client().get(url).expect(401);
}
