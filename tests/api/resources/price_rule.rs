//! Prices that follow from rules.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::rows::execute;
use crate::support::shop::{Shop, many, one};

/// A list whose products are those that the assignment is true for.
fn ruled_list(shop: &Shop, assignment: &str) -> String {
    let attributes =
        json!({"name": unique("Ruled"), "priceListCurrencies": ["USD", "EUR"], "productAssignmentRule": assignment});
    shop.create("pricelists", &attributes, &json!({}))
}

/// Answers a POST of a rule for dollars and one `item`, unless the attributes say otherwise.
fn try_rule(shop: &Shop, list: &str, attributes: &Value) -> Answer {
    let mut all = json!({"currency": "USD", "quantity": 1, "priority": 1});
    for (name, value) in attributes.as_object().unwrap() {
        all[name] = value.clone();
    }
    let relationships = json!({"priceList": one("pricelists", list), "productUnit": one("productunits", "item")});
    shop.try_create("pricerules", &all, &relationships)
}

#[track_caller]
fn rule(shop: &Shop, list: &str, attributes: &Value) -> String {
    try_rule(shop, list, attributes).expect(201).id()
}

/// The prices of a list: `quantity currency` of each product, with its value.
#[track_caller]
fn prices(shop: &Shop, list: &str) -> BTreeMap<(String, String), String> {
    let path = format!("/admin/api/productprices?filter[priceList]={list}&page[size]=-1");
    let answer = shop.client().get(&path).expect(200).json();
    let price = |item: &Value| {
        let attributes = &item["attributes"];
        let product = item["relationships"]["product"]["data"]["id"].as_str().unwrap().to_owned();
        let tier = format!("{} {}", attributes["quantity"], attributes["currency"].as_str().unwrap());
        ((product, tier), attributes["value"].as_str().unwrap().to_owned())
    };
    answer["data"].as_array().unwrap().iter().map(price).collect()
}

#[track_caller]
fn first_id(shop: &Shop, path: &str) -> String {
    let list = shop.client().get(path).expect(200).json();
    list["data"][0]["id"].as_str().unwrap().to_owned()
}

fn told(rows: &[(&str, &str, &str)]) -> BTreeMap<(String, String), String> {
    rows.iter().map(|(product, tier, value)| ((product.to_string(), tier.to_string()), value.to_string())).collect()
}

#[test]
fn prices_follow_from_those_of_another_list() {
    let shop = Shop::new();
    let (a, b) = (shop.product("A", &[("item", 0), ("set", 0)]), shop.product("B", &[("item", 0)]));
    let source = shop.price_list(&["USD", "EUR"]);
    let first = shop.try_price(&source, &a, &json!({"value": "10"})).expect(201).id();
    shop.try_price(&source, &a, &json!({"value": "9", "quantity": 10})).expect(201);
    shop.try_price(&source, &a, &json!({"value": "8", "currency": "EUR"})).expect(201);
    shop.try_price(&source, &b, &json!({"value": "1.00005"})).expect(201);

    let list = ruled_list(&shop, "product.status == 'enabled'");
    let made = rule(&shop, &list, &json!({"rule": format!("pricelist[{source}].prices.value * 1.2")}));
    // Currency, quantity and unit of the source are those of the price that is made.
    assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "12.0000"), (&b, "1 USD", "1.2001")]));

    let expression = format!("pricelist[{source}].prices.quantity");
    let all = json!({
        "quantityExpression": expression, "currencyExpression": format!("pricelist[{source}].prices.currency"),
        "ruleCondition": format!("pricelist[{source}].prices.quantity > 1 or product.sku == 'B'"),
    });
    shop.change("pricerules", &made, &all).expect(200);
    assert_eq!(prices(&shop, &list), told(&[(&a, "10 USD", "10.8000"), (&b, "1 USD", "1.2001")]));
    shop.change("pricerules", &made, &json!({"ruleCondition": null})).expect(200);
    let every =
        told(&[(&a, "1 USD", "12.0000"), (&a, "10 USD", "10.8000"), (&a, "1 EUR", "9.6000"), (&b, "1 USD", "1.2001")]);
    assert_eq!(prices(&shop, &list), every);

    // The source changes.
    shop.change("productprices", &first, &json!({"value": "20"})).expect(200);
    assert_eq!(prices(&shop, &list)[&(a.clone(), "1 USD".to_owned())], "24.0000");
    shop.client().delete(&format!("/admin/api/productprices/{first}")).expect(204);
    assert_eq!(prices(&shop, &list).len(), 3);
    let c = shop.product("C", &[("item", 0)]);
    shop.try_price(&source, &c, &json!({"value": "3"})).expect(201);
    assert_eq!(prices(&shop, &list)[&(c.clone(), "1 USD".to_owned())], "3.6000");

    // The product changes, then what the list is for.
    shop.change("products", &c, &json!({"status": "disabled"})).expect(200);
    assert_eq!(prices(&shop, &list).len(), 3);
    shop.change("pricelists", &list, &json!({"productAssignmentRule": "product.sku == 'C'"})).expect(200);
    assert_eq!(prices(&shop, &list), told(&[(&c, "1 USD", "3.6000")]));
    shop.change("pricelists", &list, &json!({"priceListCurrencies": ["EUR"]})).expect(200);
    assert_eq!(prices(&shop, &list), told(&[]));
    shop.change("pricelists", &list, &json!({"priceListCurrencies": ["USD"]})).expect(200);
    assert_eq!(prices(&shop, &list).len(), 1);

    let reason = "The delete operation is forbidden. Reason: price rules of the price list";
    let error = shop.client().delete(&format!("/admin/api/pricelists/{source}")).expect(403).error();
    assert!(error["detail"].as_str().unwrap().starts_with(reason), "{error}");
    shop.client().delete(&format!("/admin/api/pricerules/{made}")).expect(204);
    assert_eq!(prices(&shop, &list), told(&[]));
    shop.client().delete(&format!("/admin/api/pricelists/{source}")).expect(204);
    shop.client().delete(&format!("/admin/api/pricelists/{list}")).expect(204);
}

/// "Price in `productprices` manually edited if created by the API."
#[test]
fn prices_given_by_hand_stand_before_rules() {
    let shop = Shop::new();
    let (a, b) = (shop.product("A", &[("item", 0)]), shop.product("B", &[("item", 0)]));
    let list = ruled_list(&shop, "product.sku == 'A'");
    shop.try_price(&list, &b, &json!({"value": "7", "quantity": 5})).expect(201);
    let made = rule(&shop, &list, &json!({"rule": "product.id * 0 + 3"}));
    // A product with a price given by hand is one of the list's.
    assert_eq!(
        prices(&shop, &list),
        told(&[(&a, "1 USD", "3.0000"), (&b, "1 USD", "3.0000"), (&b, "5 USD", "7.0000")])
    );

    let path = format!("/admin/api/productprices?filter[priceList]={list}&filter[product]={a}");
    let id = first_id(&shop, &path);
    shop.change("pricerules", &made, &json!({"rule": "4"})).expect(200);
    assert_eq!(first_id(&shop, &path), id, "a price keeps its id");
    shop.change("productprices", &id, &json!({"value": "5"})).expect(200);
    shop.change("pricerules", &made, &json!({"rule": "6"})).expect(200);
    let by_hand = prices(&shop, &list);
    assert_eq!(by_hand[&(a.clone(), "1 USD".to_owned())], "5.0000");
    assert_eq!(by_hand[&(b.clone(), "1 USD".to_owned())], "6.0000");
    shop.client().delete(&format!("/admin/api/productprices/{id}")).expect(204);
    assert_eq!(prices(&shop, &list)[&(a.clone(), "1 USD".to_owned())], "6.0000");
}

#[test]
fn the_rule_of_smaller_priority_counts_and_impossible_prices_are_not_made() {
    let shop = Shop::new();
    let a = shop.product("A", &[("item", 0)]);
    let list = ruled_list(&shop, "true");
    rule(&shop, &list, &json!({"rule": "2", "priority": 2}));
    let first = rule(&shop, &list, &json!({"rule": "1", "priority": 1}));
    assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "1.0000")]));
    for nothing in
        ["1 / 0", "5 % (product.id - product.id)", "0 - 1", "product.brand.id * 2", "99999999999 * 99999999999"]
    {
        shop.change("pricerules", &first, &json!({"rule": nothing})).expect(200);
        assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "2.0000")]), "{nothing}");
    }
    shop.change("pricerules", &first, &json!({"rule": "1", "productUnitExpression": "'set'"})).expect(200);
    assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "2.0000")]), "not a unit of the product");
    shop.client().delete(&format!("/admin/api/pricerules/{first}")).expect(204);
    assert_eq!(prices(&shop, &list).len(), 1);
}

/// A quantity that no number of an answer could hold makes no price, and so breaks nobody's list.
#[test]
fn quantities_beyond_measure_make_no_prices() {
    let shop = Shop::new();
    let a = shop.product("A", &[("item", 0)]);
    let list = ruled_list(&shop, "true");
    let id = rule(&shop, &list, &json!({"rule": "1"}));
    for (quantity, made) in [
        ("9999999999999999999999999999 * 9999999999999999999999999999", None),
        ("999999999999999.9999999999999", None),
        ("1000000000000000", None),
        ("999999999999999", Some("999999999999999 USD")),
        ("0.5 / 0.00000000000000000001 * 0.00000000000000000001", Some("0.5 USD")),
    ] {
        shop.change("pricerules", &id, &json!({"quantityExpression": quantity})).expect(200);
        let expected = made.map(|tier| told(&[(&a, tier, "1.0000")])).unwrap_or_default();
        assert_eq!(prices(&shop, &list), expected, "{quantity}");
    }
    let error = try_rule(&shop, &list, &json!({"rule": "1", "quantity": 1e15})).expect(400).error();
    assert_eq!(error["title"], "range constraint");
    let price = |quantity: Value| shop.try_price(&list, &a, &json!({"value": "1", "quantity": quantity}));
    let error = price(json!(1e15)).expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["pointer"]),
        (&json!("range constraint"), &json!("/data/attributes/quantity"))
    );
    assert_eq!(error["detail"], "This value should be less than 1,000,000,000,000,000.");
    price(json!(999_999_999_999_998_i64)).expect(201);
}

/// The prices of the lists that a rule uses are combined, each with each.
#[test]
fn a_rule_uses_three_lists_at_most() {
    let shop = Shop::new();
    let list = ruled_list(&shop, "true");
    let [a, b, c, d] = [(); 4].map(|()| shop.price_list(&["USD"]));
    let value = |list: &str| format!("pricelist[{list}].prices.value");
    let sum = |lists: &[&String]| lists.iter().map(|list| value(list)).collect::<Vec<_>>().join(" + ");
    let refused = |answer: Answer| {
        let error = answer.expect(400).error();
        assert_eq!(error["title"], "expression constraint");
        assert_eq!(error["detail"], "A rule may use the prices of 3 price lists. This one uses those of 4.");
        assert_eq!(error["source"]["pointer"], "/data/attributes/rule");
    };
    refused(try_rule(&shop, &list, &json!({"rule": sum(&[&a, &b, &c, &d])})));
    let id = rule(&shop, &list, &json!({"rule": sum(&[&a, &b, &c])}));
    // What is stored counts with what is sent.
    let condition = |list: &str| json!({"ruleCondition": format!("{} > 0", value(list))});
    refused(shop.change("pricerules", &id, &condition(&d)));
    shop.change("pricerules", &id, &condition(&a)).expect(200);
}

/// Faults are told at the attribute, with their place in the expression.
#[test]
fn what_cannot_be_read_is_refused() {
    let shop = Shop::new();
    let list = shop.price_list(&["USD"]);
    let other = Shop::new().price_list(&["USD"]);
    for (attribute, expression, detail) in [
        ("rule", "1 +", "Unexpected the end, a value was expected at position 4.".to_owned()),
        ("rule", "'a'", "A number was expected, this is a text at position 1.".to_owned()),
        ("rule", "pricelist[999999].prices.value", "The price list 999999 does not exist.".to_owned()),
        ("rule", &format!("pricelist[{other}].prices.value"), format!("The price list {other} does not exist.")),
        (
            "rule",
            &format!("pricelist[{list}].prices.value"),
            format!("The price list would follow from itself: {list} from {list}."),
        ),
        ("ruleCondition", "product.id", "True or false was expected, this is a number at position 1.".to_owned()),
        ("currencyExpression", "1", "A text was expected, this is a number at position 1.".to_owned()),
        ("quantityExpression", "1; DROP TABLE product", "The sign \";\" is not known at position 2.".to_owned()),
        ("productUnitExpression", "product.id", "A text was expected, this is a number at position 1.".to_owned()),
    ] {
        let mut attributes = json!({"rule": "1"});
        attributes[attribute] = json!(expression);
        let error = try_rule(&shop, &list, &attributes).expect(400).error();
        assert_eq!(error["title"], "expression constraint", "{expression}");
        assert_eq!(error["detail"], detail, "{expression}");
        assert_eq!(error["source"]["pointer"], format!("/data/attributes/{attribute}"), "{expression}");
    }
    let error = try_rule(&shop, &list, &json!({"rule": "1", "currency": null})).expect(400).error();
    assert_eq!(error["detail"], "One of \"currency\" and \"currencyExpression\" is required.");
    let error = try_rule(&shop, &list, &json!({"rule": "1", "currency": "EUR"})).expect(400).error();
    assert_eq!(error["title"], "product price currency constraint");
    let refused =
        |rule: &str| shop.change("pricelists", &list, &json!({"productAssignmentRule": rule})).expect(400).error();
    assert_eq!(refused("product.category.id = 1")["source"]["pointer"], "/data/attributes/productAssignmentRule");
    assert_eq!(refused("pricelist[1].prices.value > 1")["title"], "expression constraint");
}

#[test]
fn lists_follow_each_other_and_never_in_a_circle() {
    let shop = Shop::new();
    let a = shop.product("A", &[("item", 0)]);
    let source = shop.price_list(&["USD"]);
    let price = shop.try_price(&source, &a, &json!({"value": "1"})).expect(201).id();
    let (first, second, third) = (ruled_list(&shop, "true"), ruled_list(&shop, "true"), ruled_list(&shop, "true"));
    let twice = |list: &str| json!({"rule": format!("pricelist[{list}].prices.value * 2")});
    // Made in an order in which no list has its source's prices yet.
    rule(&shop, &third, &twice(&second));
    rule(&shop, &second, &twice(&first));
    rule(&shop, &first, &twice(&source));
    assert_eq!(prices(&shop, &third), told(&[(&a, "1 USD", "8.0000")]));
    shop.change("productprices", &price, &json!({"value": "2"})).expect(200);
    assert_eq!(prices(&shop, &third), told(&[(&a, "1 USD", "16.0000")]));

    let error = try_rule(&shop, &first, &twice(&third)).expect(400).error();
    let detail = format!("The price list would follow from itself: {first} from {third} from {second} from {first}.");
    assert_eq!(error["detail"], detail);
    assert_eq!(prices(&shop, &third).len(), 1);
}

/// Every price that is made, changed or removed leaves a change row of its own, with the caller's name on it.
#[test]
fn prices_by_rule_leave_change_rows() {
    let shop = Shop::new();
    shop.product("A", &[("item", 0)]);
    let list = ruled_list(&shop, "true");
    let made = rule(&shop, &list, &json!({"rule": "1"}));
    let path = format!("/admin/api/productprices?filter[priceList]={list}");
    let id = first_id(&shop, &path);
    shop.change("pricerules", &made, &json!({"rule": "2"})).expect(200);
    shop.change("pricerules", &made, &json!({"rule": "2.0"})).expect(200);
    shop.client().delete(&format!("/admin/api/pricerules/{made}")).expect(204);
    let rows = changes(&shop, &id);
    assert_eq!(rows, ["created", "updated", "deleted"]);
}

fn changes(shop: &Shop, id: &str) -> Vec<String> {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Text};

    #[derive(QueryableByName)]
    struct Change {
        #[diesel(sql_type = Text)]
        action: String,
    }
    let organization = shop.organization.id();
    let user = shop.organization.admin.id;
    let rows: Vec<Change> = shop.organization.write(|conn| {
        let query = diesel::sql_query(
            "SELECT action FROM change WHERE organization_id = $1 AND resource = 'productprices' AND record_id = $2
             AND user_id = $3 ORDER BY id",
        );
        Ok(query.bind::<BigInt, _>(organization).bind::<Text, _>(id).bind::<BigInt, _>(user).load(conn)?)
    });
    rows.into_iter().map(|row| row.action).collect()
}

/// A list can be sent with its rules; the rule for the same priority is the same rule.
#[test]
fn rules_come_with_their_list() {
    let shop = Shop::new();
    let a = shop.product("A", &[("item", 0)]);
    let body = |id: Option<&str>, value: &str| {
        let mut data = json!({
            "type": "pricelists",
            "attributes": {"name": "Ruled", "priceListCurrencies": ["USD"], "productAssignmentRule": "true"},
            "relationships": {"priceRules": many("pricerules", &["rule"])},
        });
        if let Some(id) = id {
            data["id"] = json!(id);
        }
        json!({"data": data, "included": [{
            "type": "pricerules", "id": "rule",
            "attributes": {"rule": value, "currency": "USD", "quantity": 1, "priority": 1},
            "relationships": {"productUnit": one("productunits", "item")},
        }]})
    };
    let list = shop.client().post("/admin/api/pricelists", &body(None, "1")).expect(201).id();
    assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "1.0000")]));
    let rules = format!("/admin/api/pricelists/{list}/relationships/priceRules");
    let before = shop.client().get(&rules).expect(200).json();
    shop.client().patch(&format!("/admin/api/pricelists/{list}"), &body(Some(&list), "2")).expect(200);
    assert_eq!(prices(&shop, &list), told(&[(&a, "1 USD", "2.0000")]));
    assert_eq!(shop.client().get(&rules).expect(200).json()["data"], before["data"]);
    let none = json!({"data": {"type": "pricelists", "id": list, "relationships": {"priceRules": {"data": []}}}});
    shop.client().patch(&format!("/admin/api/pricelists/{list}"), &none).expect(200);
    assert_eq!(prices(&shop, &list), told(&[]));
}

/// Whoever may not change the price list may not change its rules.
#[test]
fn rules_take_the_rights_of_their_list() {
    let shop = Shop::new();
    let list = shop.price_list(&["USD"]);
    let made = rule(&shop, &list, &json!({"rule": "1"}));
    let all = json!({"VIEW": "organization"});
    let viewer = shop.organization.user_who_may(&json!({"pricelists": all, "pricerules": {"EDIT": "organization"}}));
    let path = format!("/admin/api/pricerules/{made}");
    viewer.client.get(&path).expect(200);
    let body = json!({"data": {"type": "pricerules", "id": made, "attributes": {"priority": 2}}});
    viewer.client.patch(&path, &body).expect(403);
    let other = Shop::new();
    other.client().get(&path).expect(404);
}

/// An expression, and its value for a product whose price in the source list is 7.25; `None` where there is none.
fn arithmetic() -> impl Strategy<Value = (String, Option<Decimal>)> {
    let leaf = prop_oneof![
        (0..50_i64).prop_map(|number| (number.to_string(), Some(Decimal::from(number)))),
        (0..500_i64).prop_map(|cents| (Decimal::new(cents, 2).to_string(), Some(Decimal::new(cents, 2)))),
        Just(("pricelist[SOURCE].prices.value".to_owned(), Some(Decimal::new(725, 2)))),
        Just(("product.brand.id".to_owned(), None)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*"), Just("%")], inner).prop_map(
            |((left, a), operator, (right, b))| {
                let value = a.zip(b).and_then(|(a, b)| match operator {
                    "+" => a.checked_add(b),
                    "-" => a.checked_sub(b),
                    "*" => a.checked_mul(b),
                    _ => a.checked_rem(b),
                });
                (format!("({left} {operator} {right})"), value)
            },
        )
    })
}

#[test]
fn any_arithmetic_is_as_it_is_on_paper() {
    let shop = Shop::new();
    let a = shop.product("A", &[("item", 0)]);
    let source = shop.price_list(&["USD"]);
    shop.try_price(&source, &a, &json!({"value": "7.25"})).expect(201);
    let list = ruled_list(&shop, "true");
    let made = rule(&shop, &list, &json!({"rule": format!("pricelist[{source}].prices.value")}));
    execute(&shop.organization, "UPDATE product SET brand_id = NULL WHERE organization_id = $1");
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    runner
        .run(&arithmetic(), |(text, value)| {
            // The source is always named, so that a price is made of its price.
            let text = format!("{} + pricelist[{source}].prices.value * 0", text.replace("SOURCE", &source));
            shop.change("pricerules", &made, &json!({"rule": text})).expect(200);
            let rounded = value
                .map(|value| value.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero));
            let possible = rounded.filter(|value| !value.is_sign_negative() || value.is_zero());
            let possible = possible.filter(|value| *value < Decimal::from(1_000_000_000_000_000_i64));
            let found: Vec<Decimal> = prices(&shop, &list).values().map(|value| value.parse().unwrap()).collect();
            prop_assert_eq!(found, possible.into_iter().collect::<Vec<_>>(), "{}", text);
            Ok(())
        })
        .unwrap();
}
