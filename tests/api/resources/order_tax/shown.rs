//! What customers see of their orders' taxes.

use serde_json::{Value, json};

use super::{TaxedShop, line, los_angeles};
use crate::support::organization::customer_user_permissions;

impl TaxedShop {
    /// The line items of an order as the shop's customer sees them.
    fn shown(&self, order: &str) -> Vec<Value> {
        let customer = self.shop.customer.parse().unwrap();
        let user = self.shop.organization.customer_user(customer, &customer_user_permissions("department"));
        let path = format!("/api/orders/{order}/lineItems?sort=id");
        let list = user.client.get(&path).expect(200).json();
        list["data"].as_array().unwrap().iter().map(|line| line["attributes"].clone()).collect()
    }
}

/// The contract's example: ten at 0.547 and a tax of 10.5 % come to unit prices of "0.6000" and "0.5500" with "0.0600" of
/// tax, rows of "6.0400" and "5.4700", and `{"rate": "0.105", "taxAmount": "0.57", "taxableAmount": "5.47"}`.
#[test]
fn a_line_tells_its_taxes() {
    let shop = TaxedShop::new();
    shop.rule(0.105, "US", None, json!({}));
    let order = shop.order(&[line("1", &shop.product, "10", "0.547")], &los_angeles());
    let shown = &shop.shown(&order.id)[0];
    let expected = [
        ("unitPriceIncludingTax", "0.6000"),
        ("unitPriceExcludingTax", "0.5500"),
        ("unitPriceTaxAmount", "0.0600"),
        ("rowTotalIncludingTax", "6.0400"),
        ("rowTotalExcludingTax", "5.4700"),
        ("rowTotalTaxAmount", "0.5700"),
    ];
    for (name, value) in expected {
        assert_eq!(shown[name], value, "{name} of {shown}");
    }
    let taxes = shown["taxes"].as_array().unwrap();
    assert_eq!(taxes.len(), 1);
    assert!(taxes[0]["tax"].as_str().unwrap().starts_with("tax"), "{shown}");
    for (name, value) in [("rate", "0.105"), ("taxAmount", "0.57"), ("taxableAmount", "5.47"), ("currency", "USD")] {
        assert_eq!(taxes[0][name], value, "{name} of {shown}");
    }
}

/// Taxes of one line share its cents out by their rates, and sum up to its tax.
#[test]
fn several_taxes_sum_up_to_the_lines_tax() {
    let shop = TaxedShop::new();
    for rate in [0.01, 0.01, 0.01] {
        shop.rule(rate, "US", None, json!({}));
    }
    let order = shop.order(&[line("1", &shop.product, "1", "16.83")], &los_angeles());
    let shown = &shop.shown(&order.id)[0];
    // 16.83 × 0.03 = 0.5049
    assert_eq!(shown["rowTotalTaxAmount"], "0.5000");
    let amounts: Vec<&str> =
        shown["taxes"].as_array().unwrap().iter().map(|tax| tax["taxAmount"].as_str().unwrap()).collect();
    assert_eq!(amounts, ["0.17", "0.16", "0.17"]);
}

/// Prices that include tax: the row's is taken out of them, and what is taxed is the rest.
#[test]
fn included_taxes_are_taken_out() {
    let shop = TaxedShop::new();
    shop.rule(0.25, "US", None, json!({}));
    shop.settings(&json!({"productPricesIncludeTax": true}), &json!({}));
    let order = shop.order(&[line("1", &shop.product, "2", "5")], &los_angeles());
    let shown = &shop.shown(&order.id)[0];
    let expected = [
        ("unitPriceIncludingTax", "5.0000"),
        ("unitPriceExcludingTax", "4.0000"),
        ("unitPriceTaxAmount", "1.0000"),
        ("rowTotalIncludingTax", "10.0000"),
        ("rowTotalExcludingTax", "8.0000"),
    ];
    for (name, value) in expected {
        assert_eq!(shown[name], value, "{name} of {shown}");
    }
    assert_eq!(shown["taxes"][0]["taxableAmount"], "8.00");
    assert_eq!(shown["taxes"][0]["taxAmount"], "2.00");
}

/// Without a tax prices stay as they are, to the hundredth of a cent.
#[test]
fn untaxed_lines_have_no_taxes() {
    let shop = TaxedShop::new();
    let order = shop.order(&[line("1", &shop.product, "3", "0.0123")], &los_angeles());
    let shown = &shop.shown(&order.id)[0];
    assert_eq!(shown["taxes"], json!([]));
    for name in ["unitPriceIncludingTax", "unitPriceExcludingTax"] {
        assert_eq!(shown[name], "0.0123", "{name}");
    }
    assert_eq!(shown["unitPriceTaxAmount"], "0.0000");
    assert_eq!(shown["rowTotalIncludingTax"], "0.0369");
}
