//! Related products: each pair once, and not to itself.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::shop::{Shop, one};

fn relate(shop: &Shop, product: &str, item: &str) -> Answer {
    let relationships = json!({"product": one("products", product), "relatedItem": one("products", item)});
    shop.try_create("relatedproducts", &json!({}), &relationships)
}

/// "not blank constraint" on both, when neither is named.
#[test]
fn a_relation_has_two_ends() {
    let shop = Shop::new();
    let errors = shop.try_create("relatedproducts", &json!({}), &json!({})).expect(400).json();
    let places: Vec<&Value> =
        errors["errors"].as_array().unwrap().iter().map(|error| &error["source"]["pointer"]).collect();
    assert_eq!(places, ["/data/relationships/product/data", "/data/relationships/relatedItem/data"]);
}

#[test]
fn a_pair_is_related_once_and_never_to_itself() {
    let shop = Shop::new();
    let (a, b) = (shop.product("A-1", &[("item", 0)]), shop.product("B-1", &[("item", 0)]));
    let error = relate(&shop, &a, &a).expect(400).error();
    assert_eq!(error["title"], "value constraint");
    assert_eq!(error["detail"], "It is not possible to create relations from product to itself.");
    let id = relate(&shop, &a, &b).expect(201).id();
    let error = relate(&shop, &a, &b).expect(400).error();
    assert_eq!(
        (&error["title"], &error["detail"]),
        (&json!("value constraint"), &json!("Relation between products already exists."))
    );
    // The other way round is another relation.
    relate(&shop, &b, &a).expect(201);
    let found = shop.client().get(&format!("/admin/api/relatedproducts?filter[product]={a}&include=relatedItem"));
    let found = found.expect(200).json();
    assert_eq!((&found["data"][0]["id"], &found["included"][0]["id"]), (&json!(id), &json!(b)));
    let path = format!("/admin/api/relatedproducts/{id}");
    shop.client().patch(&path, &json!({"data": {"type": "relatedproducts", "id": id}})).expect(405);
}

/// A product that goes takes its relations along, from either end.
#[test]
fn relations_go_with_their_products() {
    let shop = Shop::new();
    let ids = ["A-1", "B-1", "C-1"].map(|sku| shop.product(sku, &[("item", 0)]));
    for (product, item) in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 0)] {
        relate(&shop, &ids[product], &ids[item]).expect(201);
    }
    shop.client().delete(&format!("/admin/api/products/{}", ids[1])).expect(204);
    let left = shop.client().get("/admin/api/relatedproducts").expect(200).json();
    assert_eq!(left["data"].as_array().unwrap().len(), 1);
    assert_eq!(left["data"][0]["relationships"]["product"]["data"]["id"], json!(ids[2]));
}
