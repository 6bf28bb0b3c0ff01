//! Batches that name records by external ids (contract 21).

use entrepot::engine::split::Format;
use serde_json::{Value, json};

use crate::support::batch::{Sent, patch, summary};
use crate::support::shop::{Shop, one};

const EXTERNAL: (&str, &str) = ("X-Integration-Type", "ext_id");

fn send(shop: &Shop, kind: &str, format: Format, body: &str) -> Sent {
    Sent::of(&patch(shop.client(), kind, format, &[EXTERNAL], body))
}

fn results(shop: &Shop, sent: &Sent) -> Vec<Value> {
    let list = shop.client().get(&format!("{}/results", sent.path)).expect(200).json();
    list["data"].as_array().unwrap().iter().map(|result| result["attributes"].clone()).collect()
}

/// "With `X-Integration-Type: ext_id` … the resource `id` becomes the configured field everywhere (URLs, relationships,
/// filters, includes)": products are created, updated and upserted under their SKU, and others name them by it.
#[test]
fn products_go_by_their_sku_in_batches() {
    let shop = Shop::new();
    let old = shop.product("OLD-1", &[("item", 0)]);
    let mut body = shop.product_body("NEW-1", "simple", &[("item", 0)], &json!({}), Vec::new());
    let mut created = body["data"].take();
    created["id"] = json!("NEW-1");
    created["attributes"].as_object_mut().unwrap().remove("sku");
    let changed = |id: &str, meta: Value| json!({"type": "products", "id": id, "meta": meta, "attributes": {"status": "disabled"}});
    body["data"] = json!([
        created,
        changed("OLD-1", json!({"update": true})),
        changed("NONE", json!({"update": true})),
        // A number is no SKU.
        changed(&old, json!({"update": true})),
    ]);
    let sent = send(&shop, "products", Format::Json, &body.to_string());
    assert_eq!(summary(&sent.ended(shop.client())), [4, 2, 2, 1, 1]);
    let results = results(&shop, &sent);
    let outcomes: Vec<&Value> = results.iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, ["created", "updated", "failed", "failed"]);
    assert_eq!(results[0]["sentId"], "NEW-1");
    assert_eq!(shop.attributes("products", &old)["status"], "disabled");
    let made = shop.client().get("/admin/api/products?filter[sku]=NEW-1").expect(200).json();
    assert_eq!(made["data"][0]["attributes"]["status"], "enabled");

    let upserted = json!({"data": [changed("NEW-1", json!({"upsert": true}))]}).to_string();
    let sent = send(&shop, "products", Format::Json, &upserted);
    assert_eq!(summary(&sent.ended(shop.client())), [1, 1, 0, 0, 1]);
    let made = shop.client().get("/admin/api/products?filter[sku]=NEW-1").expect(200).json();
    assert_eq!(made["data"][0]["attributes"]["status"], "disabled");
}

/// "everywhere (URLs, relationships …)": prices name their products by SKU, as documents and as rows.
#[test]
fn relationships_name_records_by_their_external_ids() {
    let shop = Shop::new();
    let products = ["A-1", "B 2"].map(|sku| shop.product(sku, &[("item", 0)]));
    let list = shop.price_list(&["USD"]);
    let price = |product: &str, value: &str| {
        json!({"type": "productprices", "attributes": {"quantity": 1, "currency": "USD", "value": value},
            "relationships": {"priceList": one("pricelists", &list), "unit": one("productunits", "item"),
                "product": one("products", product)}})
    };
    let body = json!({"data": [price("A-1", "3"), price("NONE", "4")]}).to_string();
    let sent = send(&shop, "productprices", Format::Json, &body);
    assert_eq!(summary(&sent.ended(shop.client())), [2, 1, 1, 1, 0]);
    let list_of = |path: &str| shop.client().get(path).expect(200).json();
    let errors = list_of(&format!("{}/errors", sent.path));
    assert_eq!(errors["data"][0]["attributes"]["source"]["pointer"], "/data/1/relationships/product/data");

    let rows = format!("priceList,product,unit,quantity,currency,value\n{list},B 2,item,1,USD,5\n");
    let sent = send(&shop, "productprices", Format::Csv, &rows);
    assert_eq!(summary(&sent.ended(shop.client())), [1, 1, 0, 1, 0]);
    for (product, value) in products.iter().zip(["3.0000", "5.0000"]) {
        let found = list_of(&format!("/admin/api/productprices?filter[priceList]={list}&filter[product]={product}"));
        assert_eq!(found["data"][0]["attributes"]["value"], value, "{found}");
    }
}
