//! Taxes, jurisdictions, rules and settings: what they need.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::Organization;
use crate::support::shop::{Shop, one};

#[track_caller]
fn refused(answer: Answer, title: &str, pointer: &str) {
    let error = answer.expect(400).error();
    assert_eq!((error["title"].as_str(), error["source"]["pointer"].as_str()), (Some(title), Some(pointer)), "{error}");
}

/// "upsert": {"fields": [["code"]]}
#[test]
fn taxes_and_jurisdictions_are_pushed_by_their_code() {
    let organization = Organization::new();
    let client = organization.client();
    let country = json!({"country": one("countries", "US")});
    for (kind, attributes, relationships) in [
        ("taxes", json!({"code": "NY_1-a", "rate": 0.1}), json!({})),
        ("taxjurisdictions", json!({"code": "NY_1-a"}), country),
    ] {
        let path = format!("/admin/api/{kind}");
        let body = json!({"data": {
            "type": kind, "meta": {"upsert": ["code"]}, "attributes": attributes, "relationships": relationships,
        }});
        let id = client.post(&path, &body).expect(201).id();
        assert_eq!(client.post(&path, &body).expect(200).id(), id);
        let found = client.get(&format!("{path}?filter[code]=NY_1-a&sort=-code")).expect(200).json();
        assert_eq!(found["data"][0]["id"], json!(id));
        let mut wrong = body.clone();
        wrong["data"]["attributes"]["code"] = json!("NY 1");
        refused(client.post(&path, &wrong), "alphanumeric dash underscore constraint", "/data/attributes/code");
    }
}

/// A rate is a fraction from nothing to ten, with at most four decimals as a percentage.
#[test]
fn rates_are_exact_fractions() {
    let shop = Shop::new();
    let post = |rate: Value| shop.try_create("taxes", &json!({"code": "T", "rate": rate}), &json!({}));
    refused(post(json!(-0.1)), "range constraint", "/data/attributes/rate");
    for rate in [json!(10.0001), json!(1e25)] {
        refused(post(rate), "range constraint", "/data/attributes/rate");
    }
    refused(post(json!(0.1234567)), "tax rate constraint", "/data/attributes/rate");
    refused(post(Value::Null), "not blank constraint", "/data/attributes/rate");
    let id = post(json!(0.088875)).expect(201).id();
    assert_eq!(shop.attributes("taxes", &id)["rate"], json!(0.088875));
    shop.change("taxes", &id, &json!({"rate": 0})).expect(200);
    shop.change("taxes", &id, &json!({"rate": 10})).expect(200);
}

/// "zipCodes": [{"from": "90011", "to": null}, {"from": "90201", "to": "90280"}]
#[test]
fn postal_codes_are_single_ones_or_ranges_of_numbers() {
    let shop = Shop::new();
    let place = json!({"country": one("countries", "US"), "region": one("regions", "US-CA")});
    let id = shop.create("taxjurisdictions", &json!({"code": "J"}), &place);
    assert_eq!(shop.attributes("taxjurisdictions", &id)["zipCodes"], json!([]));
    let set = |codes: Value| shop.change("taxjurisdictions", &id, &json!({"zipCodes": codes}));
    for (given, shown) in [
        (json!([{"from": "90011"}]), json!([{"from": "90011", "to": null}])),
        (json!([{"to": "90280"}]), json!([{"from": "90280", "to": null}])),
        (json!([{"from": " test ", "to": ""}]), json!([{"from": "test", "to": null}])),
        (json!([{"from": "90201", "to": "90280"}]), json!([{"from": "90201", "to": "90280"}])),
    ] {
        let changed = set(given).expect(200).json();
        assert_eq!(changed["data"]["attributes"]["zipCodes"], shown);
    }
    let first = json!({"from": "92503", "to": null});
    let title = "zip code fields constraint";
    for (range, detail) in [
        (json!({"from": "test", "to": "90280"}), "Ranges are supported only for numeric postal codes"),
        (json!({"from": "90201", "to": "test"}), "Ranges are supported only for numeric postal codes"),
        (json!({"from": "", "to": ""}), "Zip code can't be empty"),
        (json!({}), "Zip code can't be empty"),
        (json!({"from": "90280", "to": "90201"}), "The range should begin with its lower end"),
    ] {
        let codes = json!([first, range]);
        assert_eq!(set(codes.clone()).expect(400).error()["detail"], detail);
        refused(set(codes), title, "/data/attributes/zipCodes/1/from");
    }
    refused(set(json!([{"from": 90011}])), "form constraint", "/data/attributes/zipCodes/0/from");
    refused(set(json!([{"from": "1", "to": "9".repeat(300)}])), "length constraint", "/data/attributes/zipCodes/0/to");
    refused(set(json!([{"form": "1"}])), "form constraint", "/data/attributes/zipCodes");
    refused(set(json!("90011")), "form constraint", "/data/attributes/zipCodes");
    refused(set(Value::Null), "not null constraint", "/data/attributes/zipCodes");
}

#[test]
fn a_jurisdictions_region_is_of_its_country() {
    let shop = Shop::new();
    let post = |place: Value| shop.try_create("taxjurisdictions", &json!({"code": "J"}), &place);
    refused(post(json!({})), "not blank constraint", "/data/relationships/country/data");
    let other = json!({"country": one("countries", "DE"), "region": one("regions", "US-CA")});
    refused(post(other), "form constraint", "/data/relationships/region/data");
}

/// All four ends are "required_on_create".
#[test]
fn a_rule_has_four_ends() {
    let shop = Shop::new();
    let errors = shop.try_create("taxrules", &json!({}), &json!({})).expect(400).json();
    let mut places: Vec<&str> =
        errors["errors"].as_array().unwrap().iter().map(|error| error["source"]["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        ["customerTaxCode", "productTaxCode", "tax", "taxJurisdiction"]
            .map(|name| format!("/data/relationships/{name}/data"))
    );
}

/// An organization has one record of settings, which is neither made nor deleted.
#[test]
fn settings_are_there_from_the_start() {
    let organization = Organization::new();
    let client = organization.client();
    let list = client.get("/admin/api/taxsettings").expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let settings = &list["data"][0];
    assert_eq!(settings["attributes"]["useAsBase"], "shipping_address");
    assert_eq!(settings["attributes"]["startCalculationOn"], "total");
    let path = format!("/admin/api/taxsettings/{}", settings["id"].as_str().unwrap());
    client.delete(&path).expect(405);
    let set = |attributes: Value, relationships: Value| {
        let data = json!({"type": "taxsettings", "id": settings["id"], "attributes": attributes, "relationships": relationships});
        client.patch(&path, &json!({"data": data}))
    };
    refused(set(json!({"useAsBase": "moon"}), json!({})), "choice constraint", "/data/attributes/useAsBase");
    refused(
        set(json!({"useAsBase": "origin"}), json!({})),
        "not blank constraint",
        "/data/relationships/originCountry/data",
    );
    refused(
        set(json!({}), json!({"originCountry": one("countries", "DE"), "originRegion": one("regions", "US-CA")})),
        "form constraint",
        "/data/relationships/originRegion/data",
    );
    set(json!({"useAsBase": "origin"}), json!({"originCountry": one("countries", "DE")})).expect(200);
    refused(
        set(json!({}), json!({"originCountry": {"data": null}})),
        "not blank constraint",
        "/data/relationships/originCountry/data",
    );
}
