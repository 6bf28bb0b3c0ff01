//! Reference data: countries, regions, statuses, localizations, in both APIs.

use serde_json::json;

use crate::support::organization::{Organization, unique};

#[test]
fn every_country_of_iso_3166_is_there_with_its_regions() {
    let organization = Organization::new();
    let client = organization.client();
    let germany = client.get("/admin/api/countries/DE?include=regions").expect(200).json();
    assert_eq!(germany["data"]["attributes"]["iso3Code"], "DEU");
    assert_eq!(germany["data"]["relationships"]["regions"]["data"].as_array().unwrap().len(), 16);
    let bavaria = client.get("/admin/api/regions/DE-BY").expect(200).json();
    assert_eq!(bavaria["data"]["attributes"]["code"], "BY");
    assert_eq!(bavaria["data"]["relationships"]["country"]["data"]["id"], "DE");
    let list = client.get("/admin/api/countries?filter[iso2Code]=DE,FR,XX&sort=-id").expect(200).json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["FR", "DE"]);
    client.delete("/admin/api/countries/DE").expect(405);
}

#[test]
fn units_and_statuses_have_texts_as_ids() {
    let organization = Organization::new();
    let client = organization.client();
    let unit = client.get("/admin/api/productunits/item").expect(200).json();
    assert_eq!(unit["data"]["attributes"]["pluralLabel"], "items");
    let list = client.get("/admin/api/prodinventorystatuses?filter[id]=in_stock,discontinued&sort=priority");
    let list = list.expect(200).json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["in_stock", "discontinued"]);
    let error = client.delete("/admin/api/prodinventorystatuses/in_stock").expect(405);
    assert_eq!(error.text, "");
}

/// The id of a unit is the client's choice, so a push by id makes it or changes it.
#[test]
fn a_unit_is_pushed_by_its_code() {
    let organization = Organization::new();
    let client = organization.client();
    let code = unique("bundle");
    let body = |label: &str| {
        json!({"data": {
            "type": "productunits",
            "id": code,
            "meta": {"upsert": true},
            "attributes": {
                "label": label, "shortLabel": "b", "pluralLabel": "bundles", "shortPluralLabel": "bs", "defaultPrecision": 0,
            },
        }})
    };
    assert_eq!(client.post("/admin/api/productunits", &body("bundle")).expect(201).id(), code);
    client.post("/admin/api/productunits", &body("pack")).expect(200);
    let path = format!("/admin/api/productunits/{code}");
    assert_eq!(client.get(&path).expect(200).json()["data"]["attributes"]["label"], "pack");
    let many = json!({"data": {"type": "productunits", "id": code, "attributes": {"defaultPrecision": 11}}});
    client.patch(&path, &many).expect(400);
    client.delete(&path).expect(204);
    client.get(&path).expect(404);
}

/// A localization is shared, its titles are the organization's own.
#[test]
fn localizations_have_titles_of_the_organization() {
    let (here, there) = (Organization::new(), Organization::new());
    let titles = |organization: &Organization| {
        let answer = organization.client().get("/admin/api/localizations?filter[languageCode]=de&include=titles");
        let body = answer.expect(200).json();
        assert_eq!(body["data"].as_array().unwrap().len(), 1);
        assert_eq!(body["included"].as_array().unwrap().len(), 1);
        assert_eq!(body["included"][0]["attributes"]["string"], "German");
        body["included"][0]["id"].clone()
    };
    assert_ne!(titles(&here), titles(&there));
}

#[test]
fn the_storefront_shows_localizations_flat() {
    let organization = Organization::new();
    let client = organization.storefront_user().client;
    let list = client.get("/api/localizations").expect(200).json();
    let default: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["attributes"]["default"] == true)
        .map(|item| item["attributes"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(default, ["English"]);
    assert!(list["data"][0].get("relationships").is_none(), "{}", list["data"][0]);
    client.get("/api/countries/DE").expect(200);
    client.get("/api/pricelists").expect(404);
}

/// Units are shared by all organizations, and changed and deleted by the one that made them.
#[test]
fn a_unit_belongs_to_who_made_it() {
    let (maker, other) = (Organization::new(), Organization::new());
    let code = unique("unit").to_lowercase();
    let unit = |code: &str| {
        let labels = json!({
            "label": "Box", "shortLabel": "b", "pluralLabel": "Boxes", "shortPluralLabel": "bs", "defaultPrecision": 0,
        });
        json!({"data": {"type": "productunits", "id": code, "attributes": labels}})
    };
    maker.client().post("/admin/api/productunits", &unit(&code)).expect(201);
    for (client, code, allowed) in
        [(other.client(), code.as_str(), false), (maker.client(), "item", false), (maker.client(), code.as_str(), true)]
    {
        let path = format!("/admin/api/productunits/{code}");
        client.get(&path).expect(200);
        let mut upsert = unit(code);
        upsert["data"]["meta"] = json!({"upsert": true});
        let changed = if allowed { 200 } else { 403 };
        client.patch(&path, &unit(code)).expect(changed);
        client.patch(&path, &upsert).expect(changed);
        client.post("/admin/api/productunits", &upsert).expect(changed);
        client.delete(&path).expect(if allowed { 204 } else { 403 });
    }
}
