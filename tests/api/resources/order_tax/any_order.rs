//! Random orders, computed once more in whole numbers: fractions of numerators and denominators, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{Order, TaxedShop, line, los_angeles};
use crate::support::organization::unique;
use crate::support::shop::one;

/// Ten-thousandths of a dollar.
const DOLLAR: i128 = 10_000;
const CENT: i128 = 100;

/// A number as a fraction.
#[derive(Clone, Copy, Debug)]
struct Fraction(i128, i128);

impl Fraction {
    fn plus(self, other: Fraction) -> Fraction {
        let (over, under) = (self.0 * other.1 + other.0 * self.1, self.1 * other.1);
        let common = gcd(over, under).max(1);
        Fraction(over / common, under / common)
    }

    /// Rounded half up to whole cents; the fraction is of ten-thousandths of a dollar.
    fn cents(self) -> i128 {
        (2 * self.0 + self.1 * CENT).div_euclid(2 * self.1 * CENT) * CENT
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The tax on an amount at a rate in ten-thousandths.
fn tax(amount: i128, rate: i128, included: bool) -> Fraction {
    Fraction(amount * rate, if included { 10_000 + rate } else { 10_000 })
}

/// What a random order is made of.
#[derive(Clone, Debug)]
struct Draft {
    prices_include: bool,
    shipping_includes: bool,
    by_item: bool,
    tax_shipping: bool,
    shipping: i128,
    /// The tax class, the price in ten-thousandths of a dollar, the quantity in hundredths.
    lines: Vec<(usize, i128, i128)>,
    /// The line that is changed afterwards, and its new quantity.
    change: (prop::sample::Index, i128),
}

fn drafts() -> impl Strategy<Value = Draft> {
    let line = (0..RATES.len(), 0..2_000_000_i128, 1..5_000_i128);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, 0..500_000_i128, prop::collection::vec(line, 1..8), (any::<prop::sample::Index>(), 1..5_000_i128)).prop_map(
        |(flags, shipping, lines, change)| Draft {
            prices_include: flags.0,
            shipping_includes: flags.1,
            by_item: flags.2,
            tax_shipping: flags.3,
            shipping,
            lines,
            change,
        },
    )
}

/// The rates of the tax classes in ten-thousandths: two rules together, one, one, none.
const RATES: [i128; 4] = [875, 1_900, 333, 0];

/// The tax class of shipping.
const SHIPPING: usize = 1;

#[test]
fn any_order_is_taxed_as_computed_by_hand() {
    let shop = TaxedShop::new();
    let customer = &shop.customer_code;
    let classes = RATES.map(|_| shop.shop.create("producttaxcodes", &json!({"code": unique("code")}), &json!({})));
    shop.rule_for(&classes[0], customer, 0.0725, "US", None, json!({}));
    shop.rule_for(&classes[0], customer, 0.015, "US", Some("US-CA"), json!({}));
    shop.rule_for(&classes[1], customer, 0.19, "US", Some("US-CA"), json!({}));
    shop.rule_for(&classes[2], customer, 0.0333, "US", None, json!({"zipCodes": [{"from": "90000", "to": "90099"}]}));
    shop.rule_for(&classes[3], customer, 0.5, "US", Some("US-NY"), json!({}));
    let products = [0, 1, 2, 3].map(|class| shop.product_of(&classes[class]));
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&drafts(), |mut draft| {
        let code = if draft.tax_shipping { one("producttaxcodes", &classes[SHIPPING]) } else { json!({"data": null}) };
        let settings = json!({
            "productPricesIncludeTax": draft.prices_include,
            "shippingRatesIncludeTax": draft.shipping_includes,
            "startCalculationOn": if draft.by_item { "item" } else { "total" },
        });
        shop.settings(&settings, &json!({"shippingTaxCode": code}));
        let place = |index: usize, (class, price, quantity): (usize, i128, i128)| {
            line(&index.to_string(), &products[class], &decimal(quantity, 100), &decimal(price, DOLLAR))
        };
        let parts: Vec<Value> = draft.lines.iter().enumerate().map(|(index, part)| place(index, *part)).collect();
        let mut body = shop.body(&parts, &los_angeles());
        body["data"]["attributes"]["estimatedShippingCostAmount"] = json!(decimal(draft.shipping, DOLLAR));
        let id = shop.shop.client().post("/admin/api/orders", &body).expect(201).id();
        let order = Order { shop: &shop.shop, id };
        compare(&draft, &order)?;
        let changed = draft.change.0.index(draft.lines.len());
        draft.lines[changed].2 = draft.change.1;
        let lines = order.lines();
        let of_index = |line: &&Value| line["attributes"]["comment"] == json!(changed.to_string());
        let id = lines.iter().find(of_index).unwrap()["id"].as_str().unwrap();
        let quantity: Value = serde_json::from_str(&decimal(draft.change.1, 100)).unwrap();
        shop.shop.change("orderlineitems", id, &json!({"quantity": quantity})).expect(200);
        compare(&draft, &order)
    });
    outcome.unwrap();
}

/// Holds an order against what its draft comes to.
fn compare(draft: &Draft, order: &Order<'_>) -> Result<(), TestCaseError> {
    // A row total has four decimals, rounded half up.
    let amounts: Vec<i128> =
        draft.lines.iter().map(|(_, price, quantity)| (price * quantity * 2 + 100) / 200).collect();
    let exact: Vec<Fraction> = draft
        .lines
        .iter()
        .zip(&amounts)
        .map(|((class, ..), amount)| tax(*amount, RATES[*class], draft.prices_include))
        .collect();
    let rate = if draft.tax_shipping { RATES[SHIPPING] } else { 0 };
    let of_shipping = tax(draft.shipping, rate, draft.shipping_includes);
    let of_lines = exact.iter().fold(Fraction(0, 1), |sum, tax| sum.plus(*tax));
    let (lines_tax, shipping_tax) = if draft.by_item {
        (exact.iter().map(|tax| tax.cents()).sum::<i128>(), of_shipping.cents())
    } else {
        (of_lines.cents(), of_lines.plus(of_shipping).cents() - of_lines.cents())
    };

    let mut shown = BTreeMap::new();
    for line in order.lines() {
        let index: usize = line["attributes"]["comment"].as_str().unwrap().parse().unwrap();
        let [without, with] = ["rowTotalAfterDiscountExcludingTax", "rowTotalAfterDiscountIncludingTax"]
            .map(|name| units(&line["attributes"][name]));
        prop_assert_eq!(if draft.prices_include { with } else { without }, amounts[index]);
        shown.insert(index, with - without);
    }
    prop_assert_eq!(shown.len(), draft.lines.len());
    prop_assert_eq!(shown.values().sum::<i128>(), lines_tax);
    for (index, tax) in &shown {
        prop_assert_eq!(tax % CENT, 0, "line {} has whole cents", index);
        let own = exact[*index];
        if draft.by_item {
            prop_assert_eq!(*tax, own.cents());
        }
        prop_assert!((tax * own.1 - own.0).abs() <= CENT * own.1, "line {} is within a cent of {:?}", index, own);
    }

    let subtotals = order.subtotals();
    let row = |kind: &str, place: usize| subtotals.get(kind).map_or(0, |row| units(&row[place]));
    let total = units(&order.attributes()["totalValue"]);
    prop_assert_eq!(row("subtotal", 0), amounts.iter().sum::<i128>());
    prop_assert_eq!(row("tax", 0), lines_tax + shipping_tax);
    let added =
        if draft.prices_include { 0 } else { lines_tax } + if draft.shipping_includes { 0 } else { shipping_tax };
    prop_assert_eq!(row("tax", 1), added);
    prop_assert_eq!(total, amounts.iter().sum::<i128>() + draft.shipping + added);
    prop_assert_eq!(total, subtotals.values().map(|row| units(&row[1])).sum::<i128>());
    Ok(())
}

/// A number of parts of a whole, as decimal text.
fn decimal(parts: i128, whole: i128) -> String {
    let digits = whole.to_string().len() - 1;
    format!("{}.{:0digits$}", parts / whole, parts % whole)
}

/// An amount with four decimals in ten-thousandths.
fn units(amount: &Value) -> i128 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}
