//! Discounts, addresses, trackings and subtotals of orders.

use serde_json::{Value, json};

use crate::support::shop::{Shop, line, many, one};

fn order(shop: &Shop) -> String {
    let product = shop.product("A", &[("item", 0)]);
    shop.try_order(&[line("1", &product, &json!(3), "33.3333")]).expect(201).id()
}

fn discount(shop: &Shop, order: &str, attributes: &Value) -> String {
    shop.create("orderdiscounts", attributes, &json!({"order": one("orders", order)}))
}

/// "the other of `amount`/`percent` is derived from the subtotal and rounded; percent is a percent_100 type"
#[test]
fn a_discount_has_an_amount_and_a_percent() {
    let shop = Shop::new();
    let order = order(&shop);
    let percent = json!({"orderDiscountType": "oro_order_discount_item_type_percent", "percent": 0.125});
    let percent = discount(&shop, &order, &percent);
    assert_eq!(shop.attributes("orderdiscounts", &percent)["amount"], "12.5000");
    let amount = json!({"orderDiscountType": "oro_order_discount_item_type_amount", "amount": "10"});
    let amount = discount(&shop, &order, &amount);
    assert_eq!(shop.attributes("orderdiscounts", &amount)["percent"], json!(0.1));
    let totals = shop.attributes("orders", &order);
    assert_eq!(totals["subtotalValue"], "99.9999");
    assert_eq!(totals["totalDiscountsAmount"], "22.5000");
    assert_eq!(totals["totalValue"], "77.4999");

    shop.change("orderdiscounts", &amount, &json!({"amount": "20"})).expect(200);
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "67.4999");
    shop.client().delete(&format!("/admin/api/orderdiscounts/{percent}")).expect(204);
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "79.9999");
}

#[test]
fn a_discount_by_percent_follows_the_subtotal() {
    let shop = Shop::new();
    let order = order(&shop);
    let percent = json!({"orderDiscountType": "oro_order_discount_item_type_percent", "percent": 0.5});
    let percent = discount(&shop, &order, &percent);
    let items = shop.client().get(&format!("/admin/api/orders/{order}/lineItems")).expect(200).json();
    let item = items["data"][0]["id"].as_str().unwrap();
    shop.change("orderlineitems", item, &json!({"quantity": 1, "value": "8"})).expect(200);
    assert_eq!(shop.attributes("orderdiscounts", &percent)["amount"], "4.0000");
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "4.0000");
}

#[test]
fn a_discount_needs_an_amount_or_a_percent() {
    let shop = Shop::new();
    let order = order(&shop);
    let attributes = json!({"orderDiscountType": "oro_order_discount_item_type_percent"});
    let relationships = json!({"order": one("orders", &order)});
    let error = shop.try_create("orderdiscounts", &attributes, &relationships).expect(400).error();
    assert_eq!(error["title"], "not blank constraint");
    assert_eq!(error["source"]["pointer"], "/data/attributes/percent");
}

/// "`customerAddress` or `customerUserAddress` copies the data and then no other address field may be sent"
#[test]
fn an_order_address_is_a_copy_or_its_own() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let attributes = json!({
        "label": "Office", "street": "1 Harbor Street", "city": "Boston", "postalCode": "02110", "organization": "Atlas",
        "types": [],
    });
    let relationships = json!({
        "customer": one("customers", &shop.customer), "country": one("countries", "US"), "region": one("regions", "US-MA"),
    });
    let address = shop.create("customeraddresses", &attributes, &relationships);
    let copy = json!({
        "type": "orderaddresses", "id": "a", "relationships": {"customerAddress": one("customeraddresses", &address)},
    });
    let post = |address: &Value| {
        let mut body = shop.order(&[line("1", &product, &json!(1), "1"), address.clone()]);
        body["data"]["relationships"]["billingAddress"] = one("orderaddresses", "a");
        shop.client().post("/admin/api/orders", &body)
    };
    let order = post(&copy).expect(201).json();
    let stored = order["data"]["relationships"]["billingAddress"]["data"]["id"].as_str().unwrap().to_owned();
    let data = shop.client().get(&format!("/admin/api/orderaddresses/{stored}")).expect(200).json()["data"].clone();
    for name in ["label", "street", "city", "postalCode", "organization"] {
        assert_eq!(data["attributes"][name], attributes[name], "{name}");
    }
    assert_eq!(data["relationships"]["region"]["data"]["id"], "US-MA");

    let mut both = copy;
    both["attributes"] = json!({"label": "Mine"});
    let error = post(&both).expect(400).error();
    assert_eq!(error["title"], "order address constraint");
    assert_eq!(error["source"]["pointer"], "/included/1");

    let own = json!({
        "type": "orderaddresses", "id": "a",
        "attributes": {"street": "2 Elm", "city": "Berlin", "postalCode": "10115"},
        "relationships": {"country": one("countries", "DE"), "region": one("regions", "DE-BE")},
    });
    assert_eq!(post(&own).expect(400).error()["title"], "name or organization constraint");
    let mut elsewhere = own;
    elsewhere["attributes"]["organization"] = json!("Atlas");
    elsewhere["relationships"]["country"] = one("countries", "FR");
    let error = post(&elsewhere).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/included/1/relationships/region/data");
}

#[test]
fn a_tracking_belongs_to_orders() {
    let shop = Shop::new();
    let order = order(&shop);
    let attributes = json!({"method": "UPS", "number": "1Z"});
    let tracking = shop.create("ordershippingtrackings", &attributes, &json!({"orders": many("orders", &[&order])}));
    let found = shop.client().get(&format!("/admin/api/ordershippingtrackings?filter[orders]={order}")).expect(200);
    assert_eq!(found.json()["data"][0]["id"], json!(tracking));
    let of_order = shop.client().get(&format!("/admin/api/orders/{order}/shippingTrackings")).expect(200).json();
    assert_eq!(of_order["data"][0]["attributes"]["number"], "1Z");

    let error = shop.try_create("ordershippingtrackings", &attributes, &json!({})).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/orders/data");
}

/// "also a resource `ordersubtotals` requiring an order filter"
#[test]
fn subtotals_are_listed_by_order() {
    let shop = Shop::new();
    let order = order(&shop);
    shop.client().get("/admin/api/ordersubtotals").expect(400);
    let list = shop.client().get(&format!("/admin/api/ordersubtotals?filter[order]={order}")).expect(200).json();
    assert_eq!(list["data"][0]["id"], json!(format!("{order}-subtotal")));
    assert_eq!(list["data"][0]["attributes"]["amount"], "99.9999");
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}
