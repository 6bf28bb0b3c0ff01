//! Prices and stock.

use serde_json::{Value, json};

use crate::support::organization::unique;
use crate::support::shop::{Shop, one};

/// "Product prices: id is `{guid}-{priceListId}`; `filter[priceList]` is **mandatory** on lists."
#[test]
fn prices_are_listed_by_price_list() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    let price = shop.try_price(&list, &product, &json!({"value": "12.34565"})).expect(201);
    assert_eq!(price.json()["data"]["attributes"]["value"], "12.3457", "rounded half up to four decimals");
    assert!(price.id().ends_with(&format!("-{list}")), "{}", price.id());

    shop.client().get("/admin/api/productprices").expect(400);
    let prices = shop.client().get(&format!("/admin/api/productprices?filter[priceList]={list}")).expect(200).json();
    assert_eq!(prices["data"][0]["id"], json!(price.id()));
    let other = shop.price_list(&["USD"]);
    let guid = price.id().strip_suffix(&list).unwrap().to_owned();
    shop.client().get(&format!("/admin/api/productprices/{}", price.id())).expect(200);
    shop.client().get(&format!("/admin/api/productprices/{guid}{other}")).expect(404);
}

#[test]
fn a_price_is_unique_and_upserts_by_its_key() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    let first = shop.try_price(&list, &product, &json!({"value": "1"})).expect(201).id();
    let error = shop.try_price(&list, &product, &json!({"value": "2"})).expect(400).error();
    assert_eq!(error["title"], "unique entity constraint");
    shop.try_price(&list, &product, &json!({"quantity": 10, "value": "0.9"})).expect(201);

    let upsert = |value: &str| {
        let body = json!({"data": {
            "type": "productprices",
            "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
            "attributes": {"quantity": 1, "value": value, "currency": "USD"},
            "relationships": {
                "priceList": one("pricelists", &list),
                "product": one("products", &product),
                "unit": one("productunits", "item"),
            },
        }});
        shop.client().post("/admin/api/productprices", &body)
    };
    let again = upsert("3").expect(200);
    assert_eq!(again.id(), first);
    assert_eq!(again.json()["data"]["attributes"]["value"], "3.0000");
}

#[test]
fn a_price_fits_its_list_and_product() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD", "EUR"]);
    let refused = |attributes: &Value| shop.try_price(&list, &product, attributes).expect(400).error();
    let error = refused(&json!({"currency": "CHF"}));
    assert_eq!(error["title"], "product price currency constraint");
    assert_eq!(error["source"]["pointer"], "/data/attributes/currency");
    let error = refused(&json!({"value": "-0.01"}));
    assert_eq!(error["title"], "range constraint");
    assert_eq!(error["source"]["pointer"], "/data/attributes/value");
    shop.try_price(&list, &product, &json!({"currency": "EUR"})).expect(201);

    let by_weight = shop.product("B", &[("kg", 3)]);
    let error = shop.try_price(&list, &by_weight, &json!({})).expect(400).error();
    assert_eq!(error["title"], "product price allowed units constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/unit/data");
}

#[test]
fn a_price_list_has_currencies() {
    let shop = Shop::new();
    let refused = |currencies: Value| {
        let attributes = json!({"name": unique("Prices"), "priceListCurrencies": currencies});
        shop.try_create("pricelists", &attributes, &json!({})).expect(400).error()
    };
    assert_eq!(refused(json!([]))["title"], "not blank constraint");
    assert_eq!(refused(json!(["dollar"]))["title"], "choice constraint");
    assert_eq!(refused(json!(["USD", "USD"]))["title"], "unique collection item constraint");
}

/// "creating a unit precision creates its level with quantity 0"
#[test]
fn a_new_unit_brings_its_stock() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0), ("set", 0)]);
    let path = format!("/admin/api/inventorylevels?filter[product]={product}");
    let levels = shop.client().get(&path).expect(200).json();
    assert_eq!(levels["data"].as_array().unwrap().len(), 2);
    assert_eq!(levels["data"][0]["attributes"]["quantity"], "0");

    let id = levels["data"][0]["id"].as_str().unwrap();
    let changed = shop.change("inventorylevels", id, &json!({"quantity": "12.5"})).expect(200).json();
    assert_eq!(changed["data"]["attributes"]["quantity"], "12.5");
    shop.client().delete(&format!("/admin/api/inventorylevels/{id}")).expect(405);
    shop.try_create("inventorylevels", &json!({"quantity": 1}), &json!({})).expect(405);

    shop.client().delete(&format!("/admin/api/products/{product}")).expect(204);
    assert_eq!(shop.client().get(&path).expect(200).json()["data"], json!([]));
}

#[test]
fn a_price_list_goes_with_its_prices() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    let price = shop.try_price(&list, &product, &json!({})).expect(201).id();
    shop.client().delete(&format!("/admin/api/pricelists/{list}")).expect(204);
    shop.client().get(&format!("/admin/api/productprices/{price}")).expect(404);
}

#[test]
fn simultaneous_upserts_of_one_price_make_one_price() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    let body = json!({"data": {
        "type": "productprices",
        "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
        "attributes": {"quantity": 1, "value": "1", "currency": "USD"},
        "relationships": {
            "priceList": one("pricelists", &list),
            "product": one("products", &product),
            "unit": one("productunits", "item"),
        },
    }});
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..6).map(|_| scope.spawn(|| shop.client().post("/admin/api/productprices", &body).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 201]);
}
