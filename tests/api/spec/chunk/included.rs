//! What is included with the records of a chunk: shared, needed, broken, and called by labels.

use serde_json::{Value, json};

use super::{customer, data};
use crate::support::chunk::{all, id, told, write};
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

/// A product with parts in `included`; several share a brand.
fn product(shop: &Shop, label: &str, sku: &str, brand: &str) -> (Value, Vec<Value>) {
    let (name, unit) = (format!("n{label}"), format!("u{label}"));
    let data = json!({
        "type": "products", "id": label, "attributes": {"sku": sku, "productType": "simple"},
        "relationships": {
            "names": many("productnames", &[&name]),
            "unitPrecisions": many("productunitprecisions", &[&unit]),
            "primaryUnitPrecision": one("productunitprecisions", &unit),
            "inventory_status": one("prodinventorystatuses", "in_stock"),
            "attributeFamily": one("attributefamilies", &shop.organization.first.attribute_family.to_string()),
            "brand": one("brands", brand),
        },
    });
    let included = vec![
        json!({"type": "productnames", "id": name, "attributes": {"string": sku}}),
        json!({
            "type": "productunitprecisions", "id": unit, "attributes": {"precision": 0},
            "relationships": {"unit": one("productunits", "item"), "product": one("products", label)},
        }),
    ];
    (data, included)
}

/// The body of some products and brands.
pub fn products(products: Vec<(Value, Vec<Value>)>, brands: Vec<Value>) -> Value {
    let (data, included): (Vec<Value>, Vec<Vec<Value>>) = products.into_iter().unzip();
    json!({"data": data, "included": included.concat().into_iter().chain(brands).collect::<Vec<_>>()})
}

fn brand(label: &str, name: &str) -> Vec<Value> {
    vec![
        json!({
            "type": "brands", "id": label, "attributes": {"status": "enabled"},
            "relationships": {"names": many("localizedfallbackvalues", &[name])},
        }),
        json!({"type": "localizedfallbackvalues", "id": name, "attributes": {"string": name}}),
    ]
}

/// "Included items are shared by all primary items": they are written once, and what a failed record alone needs is not
/// written at all.
#[test]
fn included_records() {
    let shop = Shop::new();
    let skus: Vec<String> = (0..4).map(|_| unique("SKU")).collect();
    let mut list: Vec<_> =
        (0..4).map(|n| product(&shop, &format!("p{n}"), &skus[n], if n == 3 { "lonely" } else { "shared" })).collect();
    list[1].1[1]["relationships"]["unit"] = one("productunits", "no-such-unit");
    list[3].0["attributes"]["sku"] = json!("");
    let body = products(list, [brand("shared", "bs"), brand("lonely", "bl")].concat());
    let written = write(&shop.organization, "products", &body);
    let unit = "/included/3/relationships/unit/data no-such-related-entity";
    let sku = "/data/3/attributes/sku blank";
    assert_eq!(told(&written.primary), ["created", unit, "created", sku]);
    let included = told(&written.included);
    assert_eq!(included[..4], ["created", "created", unit, unit]);
    assert_eq!(included[6..10], [sku, sku, "created", "created"]);
    assert_eq!(included[10..], [sku, sku], "what only a failed record needs");
    let brands = shop.client().get("/admin/api/brands").expect(200).json();
    assert_eq!(brands["data"].as_array().unwrap().len(), 1);
    let kept = id(&written.primary[2]);
    let kept = shop.client().get(&format!("/admin/api/products/{kept}?include=names")).expect(200).json();
    assert_eq!(kept["data"]["relationships"]["brand"]["data"]["id"], brands["data"][0]["id"]);
    assert_eq!(kept["included"][0]["attributes"]["string"], json!(skus[2]));
}

/// A record that needs a broken included one fails with it, and all that share it do.
#[test]
fn a_broken_included_record() {
    let shop = Shop::new();
    let list: Vec<_> =
        (0..3).map(|n| product(&shop, &format!("p{n}"), &unique("SKU"), if n == 1 { "good" } else { "bad" })).collect();
    let mut brands = [brand("good", "bg"), brand("bad", "bb")].concat();
    brands[2]["attributes"]["status"] = json!("no such status");
    brands[2]["unknown"] = json!(1);
    let written = write(&shop.organization, "products", &products(list, brands));
    let [first, second, third] = &told(&written.primary)[..] else { panic!("three") };
    assert!(first.contains("/included/8/unknown") && first.contains("/included/8/attributes/status"), "{first}");
    assert_eq!((second.as_str(), third), ("created", first));
}

/// "The entity should have a relationship with at least one primary entity …", pointer `/included/N`.
#[test]
fn an_included_record_that_nobody_needs() {
    let shop = Shop::new();
    let body = json!({"data": [customer("a")], "included": [{"type": "customergroups", "id": "g", "attributes": {"name": "g"}}]});
    let written = write(&shop.organization, "customers", &body);
    assert_eq!(told(&written.primary), ["created"]);
    assert_eq!(told(&written.included), ["/included/0 request-data"]);
    let errors = all(&shop.organization, "customers", &body).unwrap_err();
    assert!(errors.0[0].detail.contains("with at least one primary entity"), "{errors}");
}

/// The `id` of a record that is created is a label for what is included with it, and nothing to its neighbours.
#[test]
fn labels() {
    let shop = Shop::new();
    let stored = shop.customer.clone();
    let mut child = customer("child");
    child["relationships"] = json!({"parent": one("customers", &stored)});
    let mut labelled = customer("labelled");
    labelled["id"] = json!(stored);
    let mut by_lid = customer("by lid");
    by_lid["relationships"] = json!({"parent": {"data": {"type": "customers", "lid": "x"}}});
    let mut lid = customer("lid");
    lid["lid"] = json!("x");
    let written =
        write(&shop.organization, "customers", &data(&[labelled.clone(), child, by_lid, lid, labelled.clone()]));
    assert_eq!(told(&written.primary), ["created"; 5]);
    let parent = |n: usize| {
        let path = format!("/admin/api/customers/{}", id(&written.primary[n]));
        shop.client().get(&path).expect(200).json()["data"]["relationships"]["parent"]["data"]["id"].clone()
    };
    assert_eq!(parent(1), json!(stored));
    assert_eq!(parent(2), json!(id(&written.primary[3])));
    // Which of the two should it be?
    let mut included = customer("included");
    included["id"] = json!("new");
    included["relationships"] = json!({"parent": one("customers", &stored)});
    let body = json!({"data": [labelled.clone(), labelled], "included": [included]});
    let told = told(&write(&shop.organization, "customers", &body).included);
    assert_eq!(told, ["/included/0/relationships/parent/data request-data"]);
}

/// Records that were written before with an earlier chunk are known by their labels.
#[test]
fn what_was_made_before() {
    use crate::support::chunk::{caller, chunk};
    use entrepot::engine::key::Key;
    use entrepot::engine::write::chunk::write_chunk;
    use entrepot::engine::write::{Context, Nobody};
    let shop = Shop::new();
    let mut child = customer("child");
    child["relationships"] = json!({"group": one("customergroups", "g")});
    let group = shop.create("customergroups", &json!({"name": unique("G")}), &json!({}));
    let mut chunk = chunk("customers", &data(&[child]));
    chunk.made.insert(("customergroups", "g".to_owned()), Key::Integer(group.parse().unwrap()));
    let caller = caller(&shop.organization, &shop.organization.admin);
    let cost = entrepot::auth::password::Cost { memory_kib: 64, iterations: 1 };
    let work = |conn: &mut _| {
        let switches = Default::default();
        let context = Context {
            caller: &caller,
            now: chrono::Utc::now(),
            switches: &switches,
            passwords: &cost,
            server: &Nobody,
            observer: &Nobody,
        };
        write_chunk(conn, context, &chunk)
    };
    let written = shop.organization.server.db.transaction_now::<_, entrepot::error::Errors>(work).unwrap();
    let path = format!("/admin/api/customers/{}", id(&written.primary[0]));
    let read = shop.client().get(&path).expect(200).json();
    assert_eq!(read["data"]["relationships"]["group"]["data"]["id"], json!(group));
}
