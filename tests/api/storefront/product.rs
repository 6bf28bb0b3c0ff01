//! What products say in the storefront of their variants, and products that go by their SKU.

use reqwest::Method;
use serde_json::{Value, json};

use super::ids;
use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, many, one};

fn by_sku(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, |request| request.header("X-Product-ID", "sku"))
}

/// A configurable product and a variant of it: their ids.
fn configurable(shop: &Shop, variant: &str) -> String {
    let parent = shop.configurable(&["featured"]);
    let relationships = json!({"parentProduct": one("products", &parent), "product": one("products", variant)});
    shop.create("productvariantlinks", &json!({"visible": true}), &relationships);
    parent
}

/// "productAttributes: … attributes required to choose a variant … a to-one relationship … is an object with two properties:
/// id … targetValue".
#[test]
fn attributes_that_tell_variants_apart_are_shown() {
    let shop = Shop::of(Organization::new());
    let (product, second) = (shop.product("A", &[("item", 0)]), shop.product("B", &[("item", 0)]));
    let client = shop.organization.storefront_user().client;
    let shown = || {
        let answer = client.get(&format!("/api/products/{product}?fields[products]=productAttributes")).expect(200);
        answer.json()["data"]["attributes"]["productAttributes"].clone()
    };
    let status = json!({"id": "in_stock", "targetValue": "In Stock"});
    let expected = json!({"brand": null, "featured": false, "newArrival": false, "inventory_status": status});
    assert_eq!(shown(), expected);
    let brand = json!({
        "data": {"type": "brands", "attributes": {"status": "enabled"},
            "relationships": {"names": many("localizedfallbackvalues", &["name"])}},
        "included": [{"type": "localizedfallbackvalues", "id": "name", "attributes": {"string": "Kestrel"}}],
    });
    let brand = shop.client().post("/admin/api/brands", &brand).expect(201).id();
    for product in [&product, &second] {
        let path = format!("/admin/api/products/{product}/relationships/brand");
        shop.client().patch(&path, &one("brands", &brand)).expect(204);
    }
    shop.change("products", &product, &json!({"featured": true})).expect(200);
    assert_eq!(shown()["brand"], json!({"id": brand, "targetValue": "Kestrel"}));
    assert_eq!(shown()["featured"], true);
    // Several products of one brand.
    let list = client.get("/api/products?fields[products]=productAttributes").expect(200).json();
    for item in list["data"].as_array().unwrap() {
        assert_eq!(item["attributes"]["productAttributes"]["brand"]["targetValue"], "Kestrel", "{item}");
    }
    shop.change("brands", &brand, &json!({"status": "disabled"})).expect(200);
    assert_eq!(shown()["brand"], Value::Null);
}

/// "filter[variants]" with no leaves the variants of configurable products out of a list, with yes none of them.
#[test]
fn variants_are_left_out_of_lists() {
    let shop = Shop::of(Organization::new());
    let (variant, other) = (shop.product(&unique("v"), &[("item", 0)]), shop.product(&unique("o"), &[("item", 0)]));
    let parent = configurable(&shop, &variant);
    let client = shop.organization.storefront_user().client;
    let mut all = vec![variant.clone(), other.clone(), parent.clone()];
    all.sort();
    let mut without = vec![other.clone(), parent.clone()];
    without.sort();
    assert_eq!(ids(&client, "/api/products"), all);
    assert_eq!(ids(&client, "/api/products?filter[variants]=yes"), all);
    assert_eq!(ids(&client, "/api/products?filter[variants]=0"), without);
    // Of a parent that is not to be seen, it is a product as any other.
    shop.change("products", &parent, &json!({"status": "disabled"})).expect(200);
    let mut rest = vec![variant, other];
    rest.sort();
    assert_eq!(ids(&client, "/api/products?filter[variants]=no"), rest);
    for wrong in ["filter[variants]=2", "filter[variants][neq]=yes"] {
        let error = client.get(&format!("/api/products?{wrong}")).expect(400).error();
        assert_eq!(error["title"], "filter constraint", "{wrong}");
    }
}

/// "X-Product-ID: sku … products are identified by SKU instead of numeric id"; `productId` has the number.
#[test]
fn products_go_by_their_sku() {
    let shop = Shop::of(Organization::new());
    let (sku, variant_sku) = (unique("sku"), unique("variant"));
    let product = shop.product(&sku, &[("item", 0)]);
    let variant = shop.product(&variant_sku, &[("item", 0)]);
    let parent = configurable(&shop, &variant);
    let client = shop.organization.storefront_user().client;
    let one = by_sku(&client, &format!("/api/products/{sku}")).expect(200).json();
    let plain = client.get(&format!("/api/products/{product}")).expect(200).json();
    assert_eq!(one["data"]["id"], json!(sku));
    let mut attributes = one["data"]["attributes"].clone();
    let number = attributes.as_object_mut().unwrap().remove("productId").unwrap();
    assert_eq!(number.to_string(), product);
    // What is worked out for it is the same under either id.
    assert_eq!(attributes, plain["data"]["attributes"]);
    assert!(plain["data"]["attributes"].get("productId").is_none());
    let family = by_sku(&client, &format!("/api/products?filter[id]={variant_sku}&include=parentProducts")).expect(200);
    let family = family.json();
    let linked = &family["data"][0]["relationships"]["parentProducts"]["data"][0];
    assert_eq!(linked["id"], family["included"][0]["id"]);
    assert_eq!(family["included"][0]["attributes"]["productId"].to_string(), parent);
    assert!(family["included"][0]["attributes"]["name"].is_string());
    by_sku(&client, &format!("/api/products/{product}")).expect(404);
    // A disabled product is hidden by its SKU, too.
    shop.change("products", &product, &json!({"status": "disabled"})).expect(200);
    by_sku(&client, &format!("/api/products/{sku}")).expect(403);
    let wrong = client.send(Method::GET, "/api/products", |request| request.header("X-Product-ID", "name")).expect(400);
    assert_eq!(wrong.error()["source"]["header"], "X-Product-ID");
}

/// Categories show their pictures and what search engines are told, and the pictures are fetched as those of products.
#[test]
fn categories_have_pictures_and_texts_for_search_engines() {
    let shop = Shop::of(Organization::new());
    let values = ["title", "description", "words"];
    let body = json!({
        "data": {"type": "categories", "relationships": {
            "titles": many("categorytitles", &["name"]),
            "metaTitles": many("localizedfallbackvalues", &values[..1]),
            "metaDescriptions": many("localizedfallbackvalues", &values[1..2]),
            "metaKeywords": many("localizedfallbackvalues", &values[2..]),
            "smallImage": one("files", "file"),
            "parentCategory": one("categories", &shop.organization.first.root_category.to_string()),
        }},
        "included": [
            {"type": "categorytitles", "id": "name", "attributes": {"string": "Tools"}},
            {"type": "localizedfallbackvalues", "id": "title", "attributes": {"string": "All tools"}},
            {"type": "localizedfallbackvalues", "id": "description", "attributes": {"text": "Buy tools"}},
            {"type": "localizedfallbackvalues", "id": "words", "attributes": {"text": "tools, drills"}},
            {"type": "files", "id": "file",
                "attributes": {"content": "aGVsbG8=", "mimeType": "image/png", "originalFilename": "tools.png"}},
        ],
    });
    let category = shop.client().post("/admin/api/categories", &body).expect(201).id();
    let client = shop.organization.storefront_user().client;
    let path = format!("/api/mastercatalogcategories/{category}");
    let shown = client.get(&path).expect(200).json()["data"]["attributes"].clone();
    assert_eq!(shown["metaTitle"], "All tools");
    assert_eq!(shown["metaDescription"], "Buy tools");
    assert_eq!(shown["metaKeywords"], "tools, drills");
    assert_eq!(shown["images"].as_array().unwrap().len(), 1);
    assert_eq!(shown["images"][0]["type"], "small");
    assert_eq!(shown["images"][0]["mimeType"], "image/png");
    let url = shown["images"][0]["url"].as_str().unwrap();
    assert_eq!(client.get(url).expect(200).text, "hello");
    let other = shop.organization.first.root_category.to_string();
    let plain = client.get(&format!("/api/mastercatalogcategories/{other}")).expect(200).json();
    assert_eq!(plain["data"]["attributes"]["images"], json!([]));
    assert_eq!(plain["data"]["attributes"]["metaTitle"], Value::Null);
}

/// Units are called what they are called in the caller's language; what has no name there has its own.
#[test]
fn units_are_named_in_the_current_localization() {
    let shop = Shop::of(Organization::new());
    let list = shop.client().get("/admin/api/localizations?page[size]=-1").expect(200).json();
    let german = list["data"].as_array().unwrap().iter().find(|item| item["attributes"]["formattingCode"] == "de_DE");
    let german = german.unwrap()["id"].as_str().unwrap().to_owned();
    let unit = unique("unit").to_lowercase();
    let labels = json!({"label": "Pail", "shortLabel": "p", "pluralLabel": "Pails", "shortPluralLabel": "p", "defaultPrecision": 0});
    let body = json!({"data": {"type": "productunits", "id": unit, "attributes": labels}});
    shop.client().post("/admin/api/productunits", &body).expect(201);
    let client = shop.organization.storefront_user().client;
    let label = |unit: &str, localization: &str| {
        let answer = client.send(Method::GET, &format!("/api/productunits/{unit}"), |request| {
            request.header("X-Localization-ID", localization)
        });
        answer.expect(200).json()["data"]["attributes"]["pluralLabel"].clone()
    };
    assert_eq!(label("hour", &german), "Stunden");
    assert_eq!(label(&unit, &german), "Pails");
    let plain = client.get("/api/productunits/hour").expect(200).json();
    assert_eq!(plain["data"]["attributes"]["pluralLabel"], "hours");
    shop.client().delete(&format!("/admin/api/productunits/{unit}")).expect(204);
}
