//! Products: one request with all parts, sent again without doubling anything, and what kits and units have to fulfil.

use serde_json::{Value, json};

use crate::support::organization::Organization;
use crate::support::shop::{Shop, line, many, one};

/// A product with names in two languages, two units, an option value and a meta title.
fn document(shop: &Shop, sku: &str) -> Value {
    json!({
        "data": {
            "type": "products",
            "meta": {"upsert": ["sku"]},
            "attributes": {"sku": sku, "status": "enabled"},
            "relationships": {
                "attributeFamily": one("attributefamilies", &shop.organization.first.attribute_family.to_string()),
                "inventory_status": one("prodinventorystatuses", "in_stock"),
                "category": one("categories", &shop.organization.first.root_category.to_string()),
                "names": many("productnames", &["default", "german"]),
                "unitPrecisions": many("productunitprecisions", &["item", "set"]),
                "primaryUnitPrecision": one("productunitprecisions", "item"),
                "minimumQuantityToOrder": one("entityfieldfallbackvalues", "minimum"),
                "metaTitles": many("localizedfallbackvalues", &["title"]),
            },
        },
        "included": [
            {"type": "productnames", "id": "default", "attributes": {"string": "Lamp"}},
            {"type": "productnames", "id": "german", "attributes": {"string": "Lampe"},
             "relationships": {"localization": one("localizations", &german(shop))}},
            {"type": "productunitprecisions", "id": "item", "attributes": {"precision": 0},
             "relationships": {"unit": one("productunits", "item")}},
            {"type": "productunitprecisions", "id": "set", "attributes": {"precision": 1, "conversionRate": 5},
             "relationships": {"unit": one("productunits", "set")}},
            {"type": "entityfieldfallbackvalues", "id": "minimum", "attributes": {"scalarValue": "2"}},
            {"type": "localizedfallbackvalues", "id": "title", "attributes": {"string": "A lamp"}},
        ],
    })
}

fn german(shop: &Shop) -> String {
    let found = shop.client().get("/admin/api/localizations?filter[languageCode]=de").expect(200).json();
    found["data"][0]["id"].as_str().unwrap().to_owned()
}

fn ids(shop: &Shop, path: &str) -> Vec<String> {
    let found = shop.client().get(&format!("/admin/api/{path}")).expect(200).json();
    found["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// A unit that only `primaryUnitPrecision` names, or that names its product itself, is still the product's unit, and
/// keeps its id and its stock when the product is sent again.
#[test]
fn a_unit_keeps_its_identity_however_it_is_linked() {
    let shop = Shop::new();
    let mut by_primary = document(&shop, "L-2");
    by_primary["data"]["relationships"].as_object_mut().unwrap().remove("unitPrecisions");
    by_primary["included"].as_array_mut().unwrap().retain(|part| part["id"] != "set");
    let id = shop.client().post("/admin/api/products", &by_primary).expect(201).id();
    let units = ids(&shop, &format!("productunitprecisions?filter[product]={id}"));
    let levels = ids(&shop, &format!("inventorylevels?filter[product]={id}"));
    shop.client().post("/admin/api/products", &by_primary).expect(200);
    assert_eq!(ids(&shop, &format!("productunitprecisions?filter[product]={id}")), units);
    assert_eq!(ids(&shop, &format!("inventorylevels?filter[product]={id}")), levels);
}

#[test]
fn a_product_is_pushed_twice_and_nothing_doubles() {
    let shop = Shop::new();
    let first = shop.client().post("/admin/api/products", &document(&shop, "L-1")).expect(201);
    let parts = |id: &str| {
        [
            ids(&shop, &format!("productnames?filter[product]={id}")),
            ids(&shop, &format!("productunitprecisions?filter[product]={id}")),
            ids(&shop, &format!("inventorylevels?filter[product]={id}")),
        ]
    };
    let before = parts(&first.id());
    assert_eq!(before.clone().map(|list| list.len()), [2, 2, 2]);

    let mut body = document(&shop, "L-1");
    body["included"][0]["attributes"]["string"] = json!("Desk lamp");
    let again = shop.client().post("/admin/api/products", &body).expect(200);
    assert_eq!(again.id(), first.id());
    assert_eq!(parts(&first.id()), before, "parts keep their ids, and with them their stock");
    let names = shop.client().get(&format!("/admin/api/products/{}/names?sort=id", first.id())).expect(200).json();
    let texts: Vec<&str> =
        names["data"].as_array().unwrap().iter().map(|name| name["attributes"]["string"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Desk lamp", "Lampe"]);
    assert_eq!(ids(&shop, "products").len(), 1);
}

/// What belongs to a product goes with it; what it only refers to stays.
#[test]
fn a_deleted_product_takes_its_parts_along() {
    let shop = Shop::new();
    let product = shop.client().post("/admin/api/products", &document(&shop, "L-1")).expect(201).id();
    let texts = ids(&shop, "localizedfallbackvalues").len();
    shop.client().delete(&format!("/admin/api/products/{product}")).expect(204);
    for kind in ["productnames", "productunitprecisions", "inventorylevels", "entityfieldfallbackvalues"] {
        assert_eq!(ids(&shop, kind), Vec::<String>::new(), "{kind}");
    }
    assert_eq!(ids(&shop, "localizedfallbackvalues").len(), texts - 1, "the meta title");
    assert_eq!(ids(&shop, "categories").len(), 1);
}

/// "`names` needs at least one default."
#[test]
fn a_default_name_is_needed() {
    let shop = Shop::new();
    let mut body = document(&shop, "L-1");
    body["data"]["relationships"]["names"] = many("productnames", &["german"]);
    body["included"].as_array_mut().unwrap().remove(0);
    let error = shop.client().post("/admin/api/products", &body).expect(400).error();
    assert_eq!(error["title"], "not blank constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/names/data");
}

/// "`primaryUnitPrecision` must be among `unitPrecisions`."
#[test]
fn the_primary_unit_is_one_of_the_units() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0), ("set", 0)]);
    let other = shop.product("B", &[("kg", 3)]);
    let foreign = ids(&shop, &format!("productunitprecisions?filter[product]={other}")).remove(0);
    let refused = |relationships: Value| {
        let body = json!({"data": {"type": "products", "id": product, "relationships": relationships}});
        let answer = shop.client().patch(&format!("/admin/api/products/{product}"), &body).expect(400);
        assert_eq!(answer.error()["title"], "primary product unit precision constraint", "{}", answer.text);
        assert_eq!(answer.error()["source"]["pointer"], "/data/relationships/primaryUnitPrecision/data");
    };
    refused(json!({"primaryUnitPrecision": one("productunitprecisions", &foreign)}));
    refused(json!({"unitPrecisions": many("productunitprecisions", &[])}));
}

/// A new primary unit need not be named a second time in the list.
#[test]
fn a_primary_unit_alone_is_a_unit() {
    let shop = Shop::new();
    let mut body = document(&shop, "L-1");
    body["data"]["relationships"].as_object_mut().unwrap().remove("unitPrecisions");
    body["included"].as_array_mut().unwrap().remove(3);
    let product = shop.client().post("/admin/api/products", &body).expect(201).json();
    let relationships = &product["data"]["relationships"];
    assert_eq!(relationships["unitPrecisions"]["data"], json!([relationships["primaryUnitPrecision"]["data"]]));
}

/// "Configurable products need `variantFields`; kits need `kitItems`."
#[test]
fn a_type_brings_its_needs() {
    let shop = Shop::new();
    let refused = |kind: &str, title: &str, pointer: &str| {
        let mut body = document(&shop, "T-1");
        body["data"]["attributes"]["productType"] = json!(kind);
        let error = shop.client().post("/admin/api/products", &body).expect(400).error();
        assert_eq!((error["title"].as_str(), error["source"]["pointer"].as_str()), (Some(title), Some(pointer)));
    };
    refused("configurable", "not blank constraint", "/data/attributes/variantFields");
    refused("kit", "count constraint", "/data/relationships/kitItems/data");
    refused("bundle", "choice constraint", "/data/attributes/productType");
}

#[test]
fn the_products_of_a_kit_item_have_its_unit() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let (_, item) = shop.kit("K", &product);
    let precision = ids(&shop, &format!("productunitprecisions?filter[product]={product}")).remove(0);
    let choices = shop.client().get(&format!("/admin/api/productkititemproducts?filter[kitItem]={item}")).json();
    let chosen = &choices["data"][0]["relationships"]["productUnitPrecision"]["data"]["id"];
    assert_eq!(*chosen, json!(precision));

    let body = json!({"data": {
        "type": "productkititems", "id": item, "relationships": {"productUnit": one("productunits", "kg")},
    }});
    let error = shop.client().patch(&format!("/admin/api/productkititems/{item}"), &body).expect(400).error();
    assert_eq!(error["title"], "product kit item line item product unit available constraint");
    assert!(error["detail"].as_str().unwrap().contains("\"A\""));
}

/// A kit that has been ordered can be pushed again: its items keep their ids.
#[test]
fn an_ordered_kit_is_pushed_again() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let kit = |label: &str| {
        let mut body = document(&shop, "K");
        body["data"]["attributes"]["productType"] = json!("kit");
        body["data"]["relationships"]["kitItems"] = many("productkititems", &["base"]);
        body["included"].as_array_mut().unwrap().extend([
            json!({
                "type": "productkititems",
                "id": "base",
                "relationships": {
                    "labels": many("productkititemlabels", &["label"]),
                    "kitItemProducts": many("productkititemproducts", &["choice"]),
                    "productUnit": one("productunits", "item"),
                },
            }),
            json!({"type": "productkititemlabels", "id": "label", "attributes": {"string": label}}),
            json!({
                "type": "productkititemproducts",
                "id": "choice",
                "relationships": {"product": one("products", &product)},
            }),
        ]);
        body
    };
    let first = shop.client().post("/admin/api/products", &kit("Base")).expect(201).id();
    let item = ids(&shop, &format!("productkititems?filter[productKit]={first}")).remove(0);
    let mut ordered = line("1", &first, &json!(1), "10");
    ordered["relationships"]["kitItemLineItems"] = many("orderproductkititemlineitems", &["chosen"]);
    let chosen = json!({
        "type": "orderproductkititemlineitems",
        "id": "chosen",
        "attributes": {"quantity": 1, "value": "1", "currency": "USD"},
        "relationships": {
            "kitItem": one("productkititems", &item),
            "product": one("products", &product),
            "productUnit": one("productunits", "item"),
        },
    });
    shop.try_order(&[ordered, chosen]).expect(201);

    shop.client().post("/admin/api/products", &kit("Foot")).expect(200);
    assert_eq!(ids(&shop, &format!("productkititems?filter[productKit]={first}")), [item]);
    let labels = shop.client().get("/admin/api/productkititemlabels").expect(200).json();
    assert_eq!(labels["data"].as_array().unwrap().len(), 1);
    assert_eq!(labels["data"][0]["attributes"]["string"], "Foot");
}

/// Pictures sent again replace the old ones, files included.
#[test]
fn replaced_pictures_leave_no_files_behind() {
    let shop = Shop::new();
    let mut body = document(&shop, "L-1");
    body["data"]["relationships"]["images"] = many("productimages", &["image"]);
    body["included"].as_array_mut().unwrap().extend([
        json!({
            "type": "productimages",
            "id": "image",
            "relationships": {"types": many("productimagetypes", &["main"]), "image": one("files", "file")},
        }),
        json!({"type": "productimagetypes", "id": "main", "attributes": {"productImageTypeType": "main"}}),
        json!({
            "type": "files",
            "id": "file",
            "attributes": {"content": "aGVsbG8=", "mimeType": "image/png", "originalFilename": "lamp.png"},
        }),
    ]);
    let file = || {
        let images = shop.client().get("/admin/api/productimages?include=image").expect(200).json();
        assert_eq!(images["data"].as_array().unwrap().len(), 1);
        images["included"][0]["id"].as_str().unwrap().to_owned()
    };
    shop.client().post("/admin/api/products", &body).expect(201);
    let first = file();
    shop.client().post("/admin/api/products", &body).expect(200);
    assert_ne!(file(), first);
    shop.client().get(&format!("/admin/api/files/{first}")).expect(404);
}

#[test]
fn a_product_in_use_is_not_deleted() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    shop.kit("K", &product);
    let error = shop.client().delete(&format!("/admin/api/products/{product}")).expect(403).error();
    assert_eq!(error["title"], "access denied exception");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.starts_with("The delete operation is forbidden. Reason: it is still used by"), "{detail}");
}

/// "Two simultaneous upserts of one key give one 201 and one 200, never 400, 409 or 500."
#[test]
fn simultaneous_upserts_of_one_sku_meet_in_one_product() {
    let shop = Shop::new();
    let body = document(&shop, "RACE");
    let mut statuses = std::thread::scope(|scope| {
        let posts: Vec<_> =
            (0..6).map(|_| scope.spawn(|| shop.client().post("/admin/api/products", &body).status)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect::<Vec<_>>()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 201]);
    assert_eq!(ids(&shop, "productnames").len(), 2);
}

/// Two organizations may use the same SKU, and neither sees the other's.
#[test]
fn a_sku_is_unique_in_its_organization() {
    let (here, there) = (Shop::new(), Shop::new());
    let own = here.product("SAME", &[("item", 0)]);
    let foreign = there.product("SAME", &[("item", 0)]);
    assert_eq!(ids(&here, "products?filter[sku]=SAME"), [own]);
    here.client().get(&format!("/admin/api/products/{foreign}")).expect(404);
    let body = json!({"data": {
        "type": "products", "id": foreign, "relationships": {"category": one("categories", "1")},
    }});
    here.client().patch(&format!("/admin/api/products/{foreign}"), &body).expect(404);
}

#[test]
fn files_keep_their_content() {
    let organization = Organization::new();
    let file = |attributes: Value| {
        organization.client().post("/admin/api/files", &json!({"data": {"type": "files", "attributes": attributes}}))
    };
    let made = file(json!({"content": "aGVsbG8=", "mimeType": "text/plain", "originalFilename": "a.txt"})).expect(201);
    let attributes = made.json()["data"]["attributes"].clone();
    assert_eq!(attributes["content"], "aGVsbG8=");
    assert_eq!(attributes["fileSize"], 5);
    assert_eq!(attributes["uuid"].as_str().unwrap().len(), 36);
    let pointer = |answer: crate::support::client::Answer| answer.expect(400).error()["source"]["pointer"].clone();
    assert_eq!(
        pointer(file(json!({"content": "aGVsbG8=", "mimeType": "text/plain"}))),
        "/data/attributes/originalFilename"
    );
    assert_eq!(pointer(file(json!({"mimeType": "text/plain"}))), "/data/attributes/content");
    assert_eq!(pointer(file(json!({"externalUrl": "javascript:alert(1)"}))), "/data/attributes/externalUrl");
    let linked = file(json!({"externalUrl": "https://cdn.example.org/a.png"})).expect(201).json();
    assert_eq!(linked["data"]["attributes"]["filePath"], json!([{"url": "https://cdn.example.org/a.png"}]));
    organization.client().get("/admin/api/files").expect(405);
}

/// "with exactly one non-null of `fallback`, `scalarValue`, `arrayValue`."
#[test]
fn an_option_value_is_one_of_three() {
    let organization = Organization::new();
    let value = |attributes: Value| {
        let body = json!({"data": {"type": "entityfieldfallbackvalues", "attributes": attributes}});
        organization.client().post("/admin/api/entityfieldfallbackvalues", &body)
    };
    let made = value(json!({"fallback": "systemConfig"})).expect(201).id();
    value(json!({"arrayValue": [1, 2]})).expect(201);
    for wrong in [json!({"fallback": "systemConfig", "scalarValue": "1"}), json!({"scalarValue": ""})] {
        assert_eq!(value(wrong).expect(400).error()["source"]["pointer"], "/data/attributes");
    }
    let path = format!("/admin/api/entityfieldfallbackvalues/{made}");
    let change = |attributes: Value| {
        let data = json!({"type": "entityfieldfallbackvalues", "id": made, "attributes": attributes});
        organization.client().patch(&path, &json!({"data": data}))
    };
    change(json!({"scalarValue": "5"})).expect(400);
    change(json!({"scalarValue": "5", "fallback": null})).expect(200);
    organization.client().delete(&path).expect(405);
}
