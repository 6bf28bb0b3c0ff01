//! Which rules apply to an order.

use serde_json::{Value, json};

use super::{TaxedShop, address, line, los_angeles};
use crate::support::organization::unique;
use crate::support::shop::one;

/// Rules of the country, the region and the postal code all apply, and their rates are added.
#[test]
fn country_region_and_postal_code_add_up() {
    let shop = TaxedShop::new();
    shop.rule(0.01, "US", None, json!({}));
    shop.rule(0.02, "US", Some("US-CA"), json!({}));
    shop.rule(0.04, "US", Some("US-CA"), json!({"zipCodes": [{"from": "90011"}, {"from": "A1 1AA"}]}));
    shop.rule(0.08, "US", Some("US-CA"), json!({"zipCodes": [{"from": "90201", "to": "90280"}]}));
    shop.rule(0.16, "US", Some("US-NY"), json!({}));
    shop.rule(0.32, "US", None, json!({"regionText": "Outer Banks"}));
    let tax = |country: &str, region: Option<&str>, code: &str, more: Value| {
        shop.tax_of_a_hundred(&address(country, region, code, more))
    };
    for (place, expected) in [
        (("US", Some("US-CA"), "90010"), "3.0000"),
        (("US", Some("US-CA"), "90011"), "7.0000"),
        (("US", Some("US-CA"), " 90011 "), "7.0000"),
        (("US", Some("US-CA"), "a1 1aa"), "7.0000"),
        (("US", Some("US-CA"), "90200"), "3.0000"),
        (("US", Some("US-CA"), "90201"), "11.0000"),
        (("US", Some("US-CA"), "90280-1234"), "11.0000"),
        (("US", Some("US-CA"), "90281"), "3.0000"),
        (("US", Some("US-CA"), "no digits"), "3.0000"),
        (("US", Some("US-CA"), "99999999999999999999999999"), "3.0000"),
        (("US", Some("US-NY"), "90011"), "17.0000"),
        (("US", Some("US-TX"), "90011"), "1.0000"),
        (("US", None, "90011"), "1.0000"),
        (("CA", None, "90011"), "none"),
    ] {
        assert_eq!(tax(place.0, place.1, place.2, json!({})), expected, "{place:?}");
    }
    assert_eq!(tax("US", None, "1", json!({"customRegion": "outer banks"})), "33.0000");
}

/// Product and customer are taxed where a rule names both their codes.
#[test]
fn both_codes_have_to_meet() {
    let shop = TaxedShop::new();
    shop.rule(0.1, "US", None, json!({}));
    let codes = |kind: &str| shop.shop.create(kind, &json!({"code": unique("code")}), &json!({}));
    let (other_product, other_customer) = (codes("producttaxcodes"), codes("customertaxcodes"));
    shop.rule_for(&other_product, &other_customer, 0.2, "US", None, json!({}));
    shop.rule_for(&shop.product_code, &other_customer, 0.4, "US", None, json!({}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "10.0000");

    // A product without a code, and one whose code has no rule for this customer.
    let free = shop.shop.product(&unique("sku"), &[("item", 2)]);
    let order = shop.order(
        &[
            line("1", &free, "1", "100"),
            line("2", &shop.product_of(&other_product), "1", "100"),
            line("3", &shop.product, "1", "50"),
        ],
        &los_angeles(),
    );
    assert_eq!(order.tax(), "5.0000");
    assert_eq!(order.rows(), [["100.0000", "100.0000"], ["100.0000", "100.0000"], ["50.0000", "55.0000"]]);

    // Something that is no product has a tax code of its own.
    let mut free_form = line("1", &free, "1", "10");
    free_form["attributes"]["freeFormProduct"] = json!("Engraving");
    free_form["relationships"].as_object_mut().unwrap().remove("product");
    free_form["relationships"]["freeFormTaxCode"] = one("producttaxcodes", &shop.product_code);
    assert_eq!(shop.order(&[free_form], &los_angeles()).tax(), "1.0000");

    // The customer's code goes before that of its group.
    let attributes = json!({"name": unique("group")});
    let group =
        shop.shop.create("customergroups", &attributes, &json!({"taxCode": one("customertaxcodes", &other_customer)}));
    let customer = shop.shop.customer.clone();
    shop.link("customers", &customer, "group", one("customergroups", &group));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "10.0000");
    shop.link("customers", &customer, "taxCode", json!({"data": null}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "40.0000");
    shop.link("customers", &customer, "group", json!({"data": null}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "none");
}

/// The address is the one that orders are shipped to, unless the settings say the billing address or an origin.
#[test]
fn the_settings_say_whose_taxes_are_paid() {
    let shop = TaxedShop::new();
    shop.rule(0.01, "US", Some("US-CA"), json!({}));
    shop.rule(0.02, "DE", Some("DE-BE"), json!({"zipCodes": [{"from": "10115"}]}));
    shop.rule(0.04, "FR", None, json!({"zipCodes": [{"from": "75001", "to": "75020"}]}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "1.0000");
    shop.settings(&json!({"useAsBase": "billing_address"}), &json!({}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "2.0000");
    let origin = json!({"originCountry": one("countries", "FR")});
    shop.settings(&json!({"useAsBase": "origin", "originPostalCode": "75011"}), &origin);
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "4.0000");
    shop.settings(&json!({"originPostalCode": "69001"}), &json!({}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "none");
    shop.settings(&json!({"useAsBase": "shipping_address", "enabled": false}), &json!({}));
    assert_eq!(shop.tax_of_a_hundred(&los_angeles()), "none");
}

/// Rules of one organization are nothing to another.
#[test]
fn organizations_tax_for_themselves() {
    let (here, there) = (TaxedShop::new(), TaxedShop::new());
    here.rule(0.01, "US", None, json!({}));
    assert_eq!(here.tax_of_a_hundred(&los_angeles()), "1.0000");
    assert_eq!(there.tax_of_a_hundred(&los_angeles()), "none");
}
