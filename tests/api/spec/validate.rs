//! `meta.validate`: everything is done and answered, and nothing kept.

use serde_json::{Value, json};

use crate::support::shop::{Shop, line};

fn totals(document: &Value) -> &Value {
    &document["data"]["attributes"]["totalValue"]
}

/// "A validated POST answers 201 with a Location and an id that then does not exist."
#[test]
fn a_draft_order_is_priced() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut body = shop.order(&[line("1", &product, &json!(3), "2.5")]);
    body["data"]["meta"] = json!({"validate": true});
    let draft = shop.client().post("/admin/api/orders?include=orderSubtotals,lineItems", &body).expect(201);
    assert!(draft.header("Location").ends_with(&draft.id()));
    assert_eq!(totals(&draft.json()), "7.5000");
    let included = draft.json()["included"].as_array().unwrap().clone();
    let subtotal = included.iter().find(|record| record["type"] == "ordersubtotals").unwrap();
    assert_eq!(subtotal["attributes"]["amount"], "7.5000");
    shop.client().get(&format!("/admin/api/orders/{}", draft.id())).expect(404);
    let line = included.iter().find(|record| record["type"] == "orderlineitems").unwrap()["id"].as_str().unwrap();
    shop.client().get(&format!("/admin/api/orderlineitems/{line}")).expect(404);
    let orders = shop.client().get("/admin/api/orders").expect(200).json();
    assert_eq!(orders["data"], json!([]));
}

/// "A validated PATCH answers 200; nothing is persisted."
#[test]
fn a_change_is_tried() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "10")]).expect(201).id();
    let path = format!("/admin/api/orders/{order}");
    let before = shop.client().get(&path).expect(200).json();
    let body = json!({"data": {
        "type": "orders", "id": order, "attributes": {"overriddenShippingCostAmount": "5"}, "meta": {"validate": true},
    }});
    assert_eq!(totals(&shop.client().patch(&path, &body).expect(200).json()), "15.0000");
    assert_eq!(shop.client().get(&path).expect(200).json(), before);
}

/// What is wrong is told as ever.
#[test]
fn faults_are_told() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut part = line("1", &product, &json!(1), "10");
    part["relationships"]["productUnit"]["data"]["id"] = json!("set");
    let mut body = shop.order(&[part]);
    body["data"]["meta"] = json!({"validate": true});
    let error = shop.client().post("/admin/api/orders", &body).expect(400).error();
    assert_eq!(error["title"], "product unit exists constraint");
    let mut included = shop.order(&[line("1", &product, &json!(1), "10")]);
    included["included"][0]["meta"] = json!({"validate": true});
    let error = shop.client().post("/admin/api/orders", &included).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/included/0/meta/validate");
}
