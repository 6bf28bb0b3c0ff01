//! Upserts: `meta.upsert` finds a record by its id or by some members, and updates it, or creates it.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

fn customer(external: &str, name: &str, upsert: &Value) -> Value {
    json!({"data": {
        "type": "customers", "attributes": {"externalId": external, "name": name}, "meta": {"upsert": upsert},
    }})
}

fn unit(code: &str, label: &str) -> Value {
    json!({"data": {
        "type": "productunits", "id": code, "meta": {"upsert": true},
        "attributes": {"label": label, "shortLabel": "s", "pluralLabel": "p", "shortPluralLabel": "q", "defaultPrecision": 0},
    }})
}

#[track_caller]
fn refused(answer: Answer, detail: &str) {
    let error = answer.expect(400).error();
    assert_eq!((&error["title"], &error["detail"]), (&json!("value constraint"), &json!(detail)));
    assert_eq!(error["source"]["pointer"], "/data/meta/upsert");
}

/// "Found: update, 200; not found: create, 201"; only what is stated is changed.
#[test]
fn by_members() {
    let shop = Shop::new();
    let post = |body: &Value| shop.client().post("/admin/api/customers", body);
    let external = unique("E");
    let first = post(&customer(&external, "First", &json!(["externalId"]))).expect(201);
    assert!(first.header("Location").ends_with(&first.id()));
    let group = shop.create("customergroups", &json!({"name": unique("G")}), &json!({}));
    let path = format!("/admin/api/customers/{}/relationships/group", first.id());
    shop.client().patch(&path, &one("customergroups", &group)).expect(204);
    let second = post(&customer(&external, "Second", &json!(["externalId"]))).expect(200);
    assert_eq!(second.id(), first.id());
    assert_eq!(second.header("Location"), "");
    let data = &second.json()["data"];
    assert_eq!(data["attributes"]["name"], "Second");
    assert_eq!(data["relationships"]["group"]["data"]["id"], json!(group));
}

/// Where clients choose the ids, `true` and `["id"]` find by the id, on POST and on PATCH.
#[test]
fn by_id() {
    let shop = Shop::new();
    let code = unique("unit").to_lowercase();
    let path = format!("/admin/api/productunits/{code}");
    shop.client().post("/admin/api/productunits", &unit(&code, "First")).expect(201);
    let mut again = unit(&code, "Second");
    again["data"]["meta"]["upsert"] = json!(["id"]);
    let again = shop.client().post("/admin/api/productunits", &again).expect(200);
    assert_eq!(again.json()["data"]["attributes"]["label"], "Second");
    let third = shop.client().patch(&path, &unit(&code, "Third")).expect(200);
    assert_eq!(third.json()["data"]["attributes"]["label"], "Third");
    shop.client().delete(&path).expect(204);
    shop.client().patch(&path, &unit(&code, "Fourth")).expect(201);
    shop.client().delete(&path).expect(204);
}

/// What cannot be used to find a record is 400 `value constraint` at `/meta/upsert`.
#[test]
fn what_cannot_be_used() {
    let shop = Shop::new();
    let post = |upsert: Value| shop.client().post("/admin/api/customers", &customer("E", "A", &upsert));
    let id = "The upsert operation cannot use the entity identifier to find an entity.";
    refused(post(json!(true)), id);
    refused(post(json!(["id"])), id);
    refused(post(json!(["name"])), "The upsert operation cannot use this field to find an entity.");
    refused(post(json!(["externalId", "name"])), "The upsert operation cannot use these fields to find an entity.");

    let mut nameless = customer("E", "A", &json!(["externalId"]));
    nameless["data"]["attributes"].as_object_mut().unwrap().remove("externalId");
    let error = shop.client().post("/admin/api/customers", &nameless).expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["pointer"]),
        (&json!("value constraint"), &json!("/data/meta/upsert"))
    );

    let patch = |upsert: Value| {
        let mut body = customer("E", "A", &upsert);
        body["data"]["id"] = json!(shop.customer);
        shop.client().patch(&format!("/admin/api/customers/{}", shop.customer), &body)
    };
    refused(
        patch(json!(true)),
        "The upsert operation is not supported for resources with auto-generated identifier value.",
    );
    refused(
        patch(json!(["externalId"])),
        "Only the entity identifier can be used by the upsert operation to find an entity.",
    );

    let term = json!({"data": {"type": "paymentterms", "attributes": {"label": "A"}, "meta": {"upsert": ["label"]}}});
    refused(shop.client().post("/admin/api/paymentterms", &term), "The upsert operation is not supported.");
}

/// A product pushed twice with its names and units is one product with one set of parts.
#[test]
fn a_product_with_its_parts() {
    let shop = Shop::new();
    let sku = unique("sku");
    let body = |name: &str, precision: u32| {
        json!({
            "data": {
                "type": "products", "attributes": {"sku": sku}, "meta": {"upsert": ["sku"]},
                "relationships": {
                    "names": many("productnames", &["n"]),
                    "unitPrecisions": many("productunitprecisions", &["u"]),
                    "primaryUnitPrecision": one("productunitprecisions", "u"),
                    "inventory_status": one("prodinventorystatuses", "in_stock"),
                    "attributeFamily": one("attributefamilies", &shop.organization.first.attribute_family.to_string()),
                },
            },
            "included": [
                {"type": "productnames", "id": "n", "attributes": {"string": name}},
                {
                    "type": "productunitprecisions", "id": "u",
                    "attributes": {"precision": precision, "conversionRate": 1, "sell": true},
                    "relationships": {"unit": one("productunits", "item")},
                },
            ],
        })
    };
    let post = |body: Value| shop.client().post("/admin/api/products?include=names,unitPrecisions", &body);
    let first = post(body("First", 0)).expect(201).json();
    let second = post(body("Second", 2)).expect(200).json();
    for list in ["names", "unitPrecisions", "primaryUnitPrecision"] {
        let of = |document: &Value| document["data"]["relationships"][list]["data"].clone();
        assert_eq!(of(&first), of(&second), "{list}");
    }
    let part = |document: &Value, kind: &str| {
        let list = document["included"].as_array().unwrap();
        list.iter().find(|part| part["type"] == kind).unwrap().clone()
    };
    assert_eq!(part(&second, "productnames")["attributes"]["string"], "Second");
    assert_eq!(part(&second, "productunitprecisions")["attributes"]["precision"], 2);
    assert_eq!(second["included"].as_array().unwrap().len(), 2);
}

/// The same without the list: the primary unit alone, and a name that points at its product.
#[test]
fn parts_that_are_named_elsewhere() {
    let shop = Shop::new();
    let body = json!({
        "data": {
            "type": "products", "id": "p", "attributes": {"sku": unique("sku")}, "meta": {"upsert": ["sku"]},
            "relationships": {
                "primaryUnitPrecision": one("productunitprecisions", "u"),
                "inventory_status": one("prodinventorystatuses", "in_stock"),
                "attributeFamily": one("attributefamilies", &shop.organization.first.attribute_family.to_string()),
            },
        },
        "included": [
            {
                "type": "productnames", "id": "n", "attributes": {"string": "Name"},
                "relationships": {"product": one("products", "p")},
            },
            {
                "type": "productunitprecisions", "id": "u", "attributes": {"precision": 0, "conversionRate": 1, "sell": true},
                "relationships": {"unit": one("productunits", "item")},
            },
        ],
    });
    let first = shop.client().post("/admin/api/products", &body).expect(201).json();
    let second = shop.client().post("/admin/api/products", &body).expect(200).json();
    for list in ["names", "unitPrecisions", "primaryUnitPrecision"] {
        let of = |document: &Value| document["data"]["relationships"][list]["data"].clone();
        assert_eq!(of(&first), of(&second), "{list}");
    }
}

/// Who may create but not change cannot change by an upsert; and the other way round.
#[test]
fn an_upsert_takes_the_right_of_what_it_does() {
    let shop = Shop::new();
    let external = unique("E");
    let both = |permission: &str| {
        let permissions = json!({"customers": {"VIEW": "organization", permission: "organization"}, "organizations": {"VIEW": "organization"}, "users": {"VIEW": "organization"}});
        shop.organization.user_who_may(&permissions).client
    };
    let (creator, editor) = (both("CREATE"), both("EDIT"));
    let body = |external: &str| customer(external, "A", &json!(["externalId"]));
    editor.post("/admin/api/customers", &body(&external)).expect(403);
    creator.post("/admin/api/customers", &body(&external)).expect(201);
    creator.post("/admin/api/customers", &body(&external)).expect(403);
    editor.post("/admin/api/customers", &body(&external)).expect(200);
}
