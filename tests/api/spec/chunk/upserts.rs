//! Upserts in chunks: found by their keys, one after the other, in their own organization.

use serde_json::{Value, json};

use super::included::products;
use super::{data, keyed, names};
use crate::support::chunk::{id, told, write};
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

/// An upsert whose other unique value belongs to another record is that record's error, and no reason to wait.
#[test]
fn an_upsert_that_takes_what_is_anothers() {
    let shop = Shop::new();
    let order = |identifier: &str, external: &str| {
        let line = format!("l{identifier}");
        (
            json!({
                "type": "orders", "id": identifier, "meta": {"upsert": ["identifier"]},
                "attributes": {"identifier": identifier, "externalId": external, "currency": "USD"},
                "relationships": {"customer": one("customers", &shop.customer), "lineItems": many("orderlineitems", &[&line])},
            }),
            vec![json!({
                "type": "orderlineitems", "id": line,
                "attributes": {"quantity": 1, "value": "1", "currency": "USD", "freeFormProduct": "Cord"},
                "relationships": {"productUnit": one("productunits", "item")},
            })],
        )
    };
    let external = unique("E");
    let body = products(vec![order("o1", &external), order("o2", "other"), order("o3", &external)], Vec::new());
    let told = told(&write(&shop.organization, "orders", &body).primary);
    assert_eq!(told, ["created", "created", "/data/2/attributes/externalId not-unique"]);
}

/// Chunks that upsert the same keys at the same time, in different orders: each record is there once, and each chunk ends
/// as if they had come one after the other.
#[test]
fn concurrent_chunks_on_the_same_keys() {
    let shop = Shop::new();
    let keys: Vec<String> = (0..50).map(|_| unique("E")).collect();
    let chunks: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (shop, keys) = (&shop, &keys);
                scope.spawn(move || {
                    let mut items: Vec<Value> = keys.iter().map(|key| keyed(key, &format!("by {n}"))).collect();
                    if n % 2 == 1 {
                        items.reverse();
                    }
                    told(&write(&shop.organization, "customers", &data(&items)).primary)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |what: &str| chunks.concat().iter().filter(|told| *told == what).count();
    assert_eq!((count("created"), count("updated")), (50, 150));
    let names = names(&shop);
    assert_eq!(names.len(), 50);
    assert!(names.iter().all(|name| *name == names[0]), "one chunk came last, as a whole: {names:?}");
}

/// "inventorylevels [productUnitPrecision], update only": found by what nobody can set, and never made.
#[test]
fn an_upsert_that_only_updates() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0), ("set", 0)]);
    let path = format!("/admin/api/products/{product}/relationships/unitPrecisions");
    let units = crate::support::rows::ids(&shop.client().get(&path).expect(200).json()["data"]);
    let level = |unit: i64, quantity: &str| {
        json!({
            "type": "inventorylevels", "meta": {"upsert": ["productUnitPrecision"]}, "attributes": {"quantity": quantity},
            "relationships": {"productUnitPrecision": one("productunitprecisions", &unit.to_string())},
        })
    };
    let body = data(&[level(units[0], "5"), level(987_654_321, "6"), level(units[1], "7.5")]);
    let written = write(&shop.organization, "inventorylevels", &body);
    assert_eq!(told(&written.primary), ["updated", "/data/1 action-not-allowed", "updated"]);
    let read = shop.client().get(&format!("/admin/api/inventorylevels/{}", id(&written.primary[2]))).expect(200).json();
    assert_eq!(read["data"]["attributes"]["quantity"], "7.5");
    assert_eq!(read["data"]["relationships"]["productUnitPrecision"]["data"]["id"], json!(units[1].to_string()));
}

/// Two organizations write the same keys, and neither sees the other's.
#[test]
fn two_organizations() {
    let (here, there) = (Shop::new(), Shop::new());
    let keys: Vec<String> = (0..20).map(|_| unique("E")).collect();
    let body = |name: &str| data(&keys.iter().map(|key| keyed(key, name)).collect::<Vec<_>>());
    for (shop, name) in [(&here, "here"), (&there, "there")] {
        let written = write(&shop.organization, "customers", &body(name));
        assert!(told(&written.primary).iter().all(|told| told == "created"));
    }
    assert_eq!(names(&here), ["here"; 20]);
    assert_eq!(names(&there), ["there"; 20]);
}
