//! What products weigh and measure, unit by unit.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, many, one};

fn options(shop: &Shop, product: &str, attributes: &Value, units: &Value) -> Answer {
    let mut relationships = units.clone();
    relationships["product"] = one("products", product);
    relationships["productUnit"] = one("productunits", "item");
    shop.try_create("productshippingoptions", attributes, &relationships)
}

/// "For entities with assigned ids (units, tax... `weightunits`, `productunits`) the id is required: 400
/// `entity identifier constraint`; existing id -> 409 `conflict constraint`."
#[test]
fn units_are_made_under_a_code_of_the_clients() {
    let organization = Organization::new();
    let client = organization.client();
    for kind in ["weightunits", "lengthunits", "freightclasses"] {
        let path = format!("/admin/api/{kind}");
        let error = client.post(&path, &json!({"data": {"type": kind}})).expect(400).error();
        assert_eq!(
            (error["title"].as_str(), error["source"]["pointer"].as_str()),
            (Some("entity identifier constraint"), Some("/data/id"))
        );
        let body = json!({"data": {"type": kind, "id": unique("unit").to_lowercase()}});
        client.post(&path, &body).expect(201);
        assert_eq!(client.post(&path, &body).expect(409).error()["title"], "conflict constraint");
        let mut upsert = body.clone();
        upsert["data"]["meta"] = json!({"upsert": true});
        client.post(&path, &upsert).expect(200);
    }
    client
        .patch("/admin/api/freightclasses/parcel", &json!({"data": {"type": "freightclasses", "id": "parcel"}}))
        .expect(405);
}

/// "conversionRates": {"lbs": 0.00220462262}
#[test]
fn rates_of_conversion_are_positive_numbers() {
    let organization = Organization::new();
    let client = organization.client();
    let code = unique("unit").to_lowercase();
    let body =
        |rates: Value| json!({"data": {"type": "weightunits", "id": code, "attributes": {"conversionRates": rates}}});
    let made = client.post("/admin/api/weightunits", &body(json!({"lbs": 0.00220462262}))).expect(201).json();
    assert_eq!(made["data"]["attributes"]["conversionRates"], json!({"lbs": 0.00220462262}));
    let path = format!("/admin/api/weightunits/{code}");
    for (rates, title, pointer) in [
        (json!([1]), "form constraint", ""),
        (json!("kg"), "form constraint", ""),
        (json!({"kg": "2"}), "form constraint", "/kg"),
        (json!({"k/g": 0}), "greater than zero constraint", "/k~1g"),
        (json!({"kg": -1}), "greater than zero constraint", "/kg"),
    ] {
        let error = client.patch(&path, &body(rates.clone())).expect(400).error();
        assert_eq!(error["title"], title, "{rates}");
        assert_eq!(error["source"]["pointer"], format!("/data/attributes/conversionRates{pointer}"), "{rates}");
    }
    let none = client.patch(&path, &body(json!([]))).expect(200).json();
    assert_eq!(none["data"]["attributes"]["conversionRates"], json!({}));
    assert_eq!(
        client.patch(&path, &body(json!(null))).expect(200).json()["data"]["attributes"]["conversionRates"],
        json!(null)
    );
}

/// Units are shared by all organizations, and changed and deleted by the one that made them.
#[test]
fn a_weight_unit_and_a_freight_class_belong_to_who_made_them() {
    let (maker, other) = (Organization::new(), Organization::new());
    for kind in ["weightunits", "lengthunits", "freightclasses"] {
        let code = unique("code").to_lowercase();
        let body = json!({"data": {"type": kind, "id": code}});
        maker.client().post(&format!("/admin/api/{kind}"), &body).expect(201);
        let path = format!("/admin/api/{kind}/{code}");
        other.client().get(&path).expect(200);
        if kind != "freightclasses" {
            other.client().patch(&path, &body).expect(403);
        }
        other.client().delete(&path).expect(403);
        maker.client().delete(&path).expect(204);
    }
}

/// A weight and a size need their units, and are more than nothing.
#[test]
fn a_measure_has_a_unit() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let refused = |attributes: Value, units: Value, title: &str, pointer: &str| {
        let error = options(&shop, &product, &attributes, &units).expect(400).error();
        assert_eq!(error["title"], title, "{attributes}");
        assert_eq!(error["source"]["pointer"], pointer, "{attributes}");
    };
    let units = json!({"weightUnit": one("weightunits", "kg"), "dimensionsUnit": one("lengthunits", "cm")});
    refused(json!({"weightValue": 2}), json!({}), "not blank constraint", "/data/relationships/weightUnit/data");
    refused(
        json!({"dimensionsHeight": 2}),
        json!({"weightUnit": one("weightunits", "kg")}),
        "not blank constraint",
        "/data/relationships/dimensionsUnit/data",
    );
    for name in ["weightValue", "dimensionsLength", "dimensionsWidth", "dimensionsHeight"] {
        for value in [json!(0), json!(-0.5)] {
            let pointer = format!("/data/attributes/{name}");
            refused(json!({name: value}), units.clone(), "greater than zero constraint", &pointer);
        }
    }
    let id = options(&shop, &product, &json!({"weightValue": 2, "dimensionsLength": 0.6}), &units).expect(201).id();
    let shown = shop.attributes("productshippingoptions", &id);
    assert_eq!((&shown["weightValue"], &shown["dimensionsLength"]), (&json!(2), &json!(0.6)));
    let path = format!("/admin/api/productshippingoptions/{id}/relationships/weightUnit");
    shop.client().patch(&path, &json!({"data": null})).expect(400);
    shop.change("productshippingoptions", &id, &json!({"weightValue": null})).expect(200);
    shop.client().patch(&path, &json!({"data": null})).expect(204);
}

/// One record for a product and a unit, which a product that is pushed again keeps, and which goes with it.
#[test]
fn a_products_options_are_one_for_each_unit() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let first = options(&shop, &product, &json!({}), &json!({})).expect(201).id();
    let error = options(&shop, &product, &json!({}), &json!({})).expect(400).error();
    assert_eq!(error["title"], "unique entity constraint");
    let path = format!("/admin/api/products/{product}");
    let stone = unique("stone").to_lowercase();
    shop.client().post("/admin/api/weightunits", &json!({"data": {"type": "weightunits", "id": stone}})).expect(201);
    let pushed = json!({
        "data": {"type": "products", "id": product, "relationships": {"productShippingOptions": many("productshippingoptions", &["o"])}},
        "included": [{
            "type": "productshippingoptions", "id": "o", "attributes": {"weightValue": 3},
            "relationships": {"productUnit": one("productunits", "item"), "weightUnit": one("weightunits", &stone)},
        }],
    });
    let shown = shop.client().patch(&path, &pushed).expect(200).json();
    assert_eq!(
        shown["data"]["relationships"]["productShippingOptions"]["data"],
        many("productshippingoptions", &[&first])["data"]
    );
    assert_eq!(shop.attributes("productshippingoptions", &first)["weightValue"], json!(3));
    let refused = shop.client().delete(&format!("/admin/api/weightunits/{stone}")).expect(403).error();
    assert!(refused["detail"].as_str().unwrap().contains("still used"), "{refused}");
    shop.client().delete(&path).expect(204);
    shop.client().get(&format!("/admin/api/productshippingoptions/{first}")).expect(404);
}
