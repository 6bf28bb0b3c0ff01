//! What taxes come to, and when they are computed again.

use serde_json::{Value, json};

use super::{TaxedShop, address, discounts, line, los_angeles};
use crate::support::rows::execute;
use crate::support::shop::{many, one};

/// "`totalValue` = subtotal - discounts + shipping + tax"
#[test]
fn the_total_is_the_sum_of_its_rows() {
    let shop = TaxedShop::new();
    shop.rule(0.0875, "US", None, json!({}));
    let discount = json!({
        "type": "orderdiscounts", "id": "d",
        "attributes": {"orderDiscountType": "oro_order_discount_item_type_amount", "amount": "5"},
    });
    let mut body = shop.body(&[line("1", &shop.product, "3", "10.59"), discount], &los_angeles());
    body["data"]["attributes"]["estimatedShippingCostAmount"] = json!("7.5");
    body["data"]["relationships"]["discounts"] = discounts(&["d"]);
    let order = shop.shop.client().post("/admin/api/orders?include=orderSubtotals", &body).expect(201);
    // 31.77 × 0.0875 = 2.779875
    let rows: Vec<(Value, Value)> = order.json()["included"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["type"] == "ordersubtotals")
        .map(|row| (row["attributes"]["orderSubtotalType"].clone(), row["attributes"]["signedAmount"].clone()))
        .collect();
    for row in [("subtotal", "31.7700"), ("discount", "-5.0000"), ("shipping_cost", "7.5000"), ("tax", "2.7800")] {
        assert!(rows.contains(&(json!(row.0), json!(row.1))), "{row:?} of {rows:?}");
    }
    assert_eq!(order.json()["data"]["attributes"]["totalValue"], "37.0500");

    // A draft is taxed as well.
    body["data"]["meta"] = json!({"validate": true});
    let draft = shop.shop.client().post("/admin/api/orders", &body).expect(201).json();
    assert_eq!(draft["data"]["attributes"]["totalValue"], "37.0500");
}

/// A rate from before there was a limit: each number of the order fits, its tax does not. The answer says so.
#[test]
fn a_tax_too_large_to_be_stored_is_refused() {
    let shop = TaxedShop::new();
    shop.rule(1.0, "US", None, json!({}));
    let organization = &shop.shop.organization;
    execute(organization, &format!("UPDATE tax SET rate = 1e10 WHERE organization_id = {}", organization.id()));
    let order = |value: &str| {
        let body = shop.body(&[line("1", &shop.product, "1", value)], &los_angeles());
        shop.shop.client().post("/admin/api/orders", &body)
    };
    let error = order("900000000000").expect(400).error();
    assert_eq!(error["title"], "range constraint");
    assert_eq!(error["detail"], "A number is too large to be stored.");
    order("9").expect(201);
}

/// Shipping is taxed when the settings give it a tax code.
#[test]
fn shipping_has_a_tax_code_of_its_own() {
    let shop = TaxedShop::new();
    shop.rule(0.1, "US", None, json!({}));
    let order = shop.order(&[line("1", &shop.product, "1", "100")], &los_angeles());
    order.change(&json!({"estimatedShippingCostAmount": "20"})).expect(200);
    assert_eq!((order.tax(), order.total()), ("10.0000".into(), "130.0000".into()));
    let code = json!({"shippingTaxCode": one("producttaxcodes", &shop.product_code)});
    shop.settings(&json!({}), &code);
    // Orders follow at their next change.
    assert_eq!(order.tax(), "10.0000");
    order.change(&json!({"poNumber": "1"})).expect(200);
    assert_eq!((order.tax(), order.total()), ("12.0000".into(), "132.0000".into()));
    order.change(&json!({"overriddenShippingCostAmount": "11"})).expect(200);
    assert_eq!((order.tax(), order.total()), ("11.1000".into(), "122.1000".into()));
    shop.settings(&json!({"shippingRatesIncludeTax": true}), &json!({}));
    order.change(&json!({"poNumber": "2"})).expect(200);
    assert_eq!((order.tax(), order.total()), ("11.0000".into(), "121.0000".into()));
    assert_eq!(order.subtotals()["tax"], json!(["11.0000", "10.0000"]));
}

/// Prices that include tax are what the customer pays.
#[test]
fn prices_may_include_tax() {
    let shop = TaxedShop::new();
    shop.rule(0.19, "US", None, json!({}));
    shop.settings(&json!({"productPricesIncludeTax": true}), &json!({}));
    let order = shop.order(&[line("1", &shop.product, "1", "119"), line("2", &shop.product, "2", "5")], &los_angeles());
    // 10 × 19 ÷ 119 = 1.5966
    assert_eq!((order.tax(), order.total()), ("20.6000".into(), "129.0000".into()));
    assert_eq!(order.subtotals()["tax"], json!(["20.6000", "0.0000"]));
    assert_eq!(order.rows(), [["100.0000", "119.0000"], ["8.4000", "10.0000"]]);
}

/// Cents are rounded half up, for each line or once for the order; either way the lines sum up to the order's tax.
#[test]
fn cents_are_rounded_for_the_line_or_for_the_order() {
    let shop = TaxedShop::new();
    shop.rule(0.05, "US", None, json!({}));
    let lines = ["1", "2", "3"].map(|label| line(label, &shop.product, "1", "0.1"));
    let total = shop.order(&lines, &los_angeles());
    assert_eq!(total.tax(), "0.0200", "0.015");
    assert_eq!(total.rows(), [["0.1000", "0.1100"], ["0.1000", "0.1000"], ["0.1000", "0.1100"]]);
    shop.settings(&json!({"startCalculationOn": "item"}), &json!({}));
    let item = shop.order(&lines, &los_angeles());
    assert_eq!(item.tax(), "0.0300", "three times 0.005");
    assert_eq!(item.rows(), [["0.1000", "0.1100"], ["0.1000", "0.1100"], ["0.1000", "0.1100"]]);
}

/// What division leaves does not tip a half cent: three times 0.00875 ÷ 1.05 is 0.025.
#[test]
fn thirds_of_half_a_cent_are_half_a_cent() {
    let shop = TaxedShop::new();
    shop.rule(0.05, "US", None, json!({}));
    shop.settings(&json!({"productPricesIncludeTax": true}), &json!({}));
    let lines = ["1", "2", "3"].map(|label| line(label, &shop.product, "1", "0.175"));
    assert_eq!(shop.order(&lines, &los_angeles()).tax(), "0.0300");
}

/// "Totals are always recomputed after any change of the order, its line items, discounts, or shipping address."
#[test]
fn taxes_follow_every_change() {
    let shop = TaxedShop::new();
    shop.rule(0.1, "US", Some("US-CA"), json!({}));
    shop.rule(0.2, "US", Some("US-NY"), json!({}));
    let order = shop.order(&[line("1", &shop.product, "1", "100")], &los_angeles());
    let lines = order.lines();
    let first = lines[0]["id"].as_str().unwrap();
    assert_eq!(order.total(), "110.0000");

    shop.shop.change("orderlineitems", first, &json!({"quantity": 2})).expect(200);
    assert_eq!((order.tax(), order.total()), ("20.0000".into(), "220.0000".into()));
    let mut second = line("x", &shop.product, "1", "50");
    second["relationships"]["orders"] = many("orders", &[&order.id]);
    let second = shop.shop.create("orderlineitems", &second["attributes"], &second["relationships"]);
    assert_eq!((order.tax(), order.total()), ("25.0000".into(), "275.0000".into()));
    shop.shop.client().delete(&format!("/admin/api/orderlineitems/{second}")).expect(204);
    assert_eq!((order.tax(), order.total()), ("20.0000".into(), "220.0000".into()));

    // The address moves.
    let body = shop.shop.client().get(&format!("/admin/api/orders/{}", order.id)).expect(200).json();
    let address_id = body["data"]["relationships"]["shippingAddress"]["data"]["id"].as_str().unwrap();
    let region = |code: &str| {
        let data =
            json!({"type": "orderaddresses", "id": address_id, "relationships": {"region": one("regions", code)}});
        shop.shop.client().patch(&format!("/admin/api/orderaddresses/{address_id}"), &json!({"data": data}))
    };
    let before = order.attributes()["updatedAt"].clone();
    region("US-NY").expect(200);
    assert_eq!((order.tax(), order.total()), ("40.0000".into(), "240.0000".into()));
    assert_eq!(order.rows(), [["200.0000", "240.0000"]]);
    assert!(order.attributes()["updatedAt"].as_str() >= before.as_str());
    region("US-TX").expect(200);
    assert_eq!((order.tax(), order.total()), ("none".into(), "200.0000".into()));
    assert_eq!(order.rows(), [["200.0000", "200.0000"]]);

    // Another address takes its place.
    let data =
        json!({"type": "orders", "id": order.id, "relationships": {"shippingAddress": one("orderaddresses", "to")}});
    let body = json!({"data": data, "included": [address("US", Some("US-CA"), "1", json!({}))]});
    shop.shop.client().patch(&format!("/admin/api/orders/{}", order.id), &body).expect(200);
    assert_eq!((order.tax(), order.total()), ("20.0000".into(), "220.0000".into()));

    // Another customer orders.
    let other = shop.shop.create("customers", &json!({"name": "Birch"}), &json!({}));
    shop.link("orders", &order.id, "customer", one("customers", &other));
    assert_eq!((order.tax(), order.total()), ("none".into(), "200.0000".into()));
}

/// A changed tax is a change of the line and of its order, and an order that is sent as it is leaves no trace.
#[test]
fn what_a_tax_changes_is_recorded() {
    let shop = TaxedShop::new();
    shop.rule(0.1, "US", None, json!({}));
    let order = shop.order(&[line("1", &shop.product, "1", "100")], &los_angeles());
    let line = order.lines()[0]["id"].as_str().unwrap().to_owned();
    let etag = |path: String| shop.shop.client().get(&path).expect(200).header("ETag").to_owned();
    let etags = || [etag(format!("/admin/api/orders/{}", order.id)), etag(format!("/admin/api/orderlineitems/{line}"))];
    let first = etags();
    order.change(&json!({"currency": "USD"})).expect(200);
    assert_eq!(etags(), first);
    shop.rule(0.1, "US", None, json!({}));
    order.change(&json!({"customerNotes": null})).expect(200);
    let second = etags();
    assert!(first.iter().zip(&second).all(|(before, after)| before != after), "{first:?} {second:?}");
    assert_eq!(order.total(), "120.0000");
}
