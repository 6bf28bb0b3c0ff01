//! Records that a request brings along in `included`.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, many, one};

fn customer(label: &str, relationships: &Value) -> Value {
    json!({"type": "customers", "id": label, "attributes": {"name": label}, "relationships": relationships})
}

fn post(organization: &Organization, relationships: &Value, included: &Value) -> Answer {
    let data =
        json!({"type": "customers", "id": "self", "attributes": {"name": "Self"}, "relationships": relationships});
    organization.client().post("/admin/api/customers", &json!({"data": data, "included": included}))
}

#[track_caller]
fn refused(answer: Answer, title: &str, detail: &str, pointer: &str) {
    let error = answer.expect(400).error();
    assert_eq!((&error["title"], &error["detail"]), (&json!(title), &json!(detail)));
    assert_eq!(error["source"]["pointer"], pointer);
}

/// The relationship may be stated at either end, or at both; the primary record has a label of its own.
#[test]
fn both_directions() {
    let organization = Organization::new();
    let to_self = json!({"parent": one("customers", "self")});
    for (primary, included) in [
        (json!({"children": many("customers", &["below"])}), customer("below", &json!({}))),
        (json!({}), customer("below", &to_self)),
        (json!({"children": many("customers", &["below"])}), customer("below", &to_self)),
    ] {
        let created = post(&organization, &primary, &json!([included])).expect(201).json();
        let below = &created["included"][0];
        assert_eq!(created["data"]["relationships"]["children"]["data"][0]["id"], below["id"]);
        assert_eq!(below["relationships"]["parent"]["data"]["id"], created["data"]["id"]);
    }
}

/// Each included record comes back with the label it was sent under in `meta.includeId`.
#[test]
fn labels_come_back() {
    let organization = Organization::new();
    let relationships = json!({
        "children": many("customers", &["one", "two"]),
        "group": one("customergroups", "group"),
    });
    let included = json!([
        customer("one", &json!({"children": many("customers", &["deep"])})),
        customer("two", &json!({})),
        customer("deep", &json!({})),
        {"type": "customergroups", "id": "group", "attributes": {"name": unique("Group")}},
    ]);
    let created = post(&organization, &relationships, &included).expect(201).json();
    let records = created["included"].as_array().unwrap();
    let mut labels: Vec<(&str, &str)> = records
        .iter()
        .map(|record| (record["meta"]["includeId"].as_str().unwrap(), record["type"].as_str().unwrap()))
        .collect();
    labels.sort_unstable();
    let wanted = [("deep", "customers"), ("group", "customergroups"), ("one", "customers"), ("two", "customers")];
    assert_eq!(labels, wanted);
    let of = |label: &str| records.iter().find(|record| record["meta"]["includeId"] == label).unwrap();
    assert_eq!(of("deep")["relationships"]["parent"]["data"]["id"], of("one")["id"]);
    assert_eq!(of("deep")["attributes"]["name"], "deep");
}

/// "Each item must be reachable from the primary resource through relationships stated in the request."
#[test]
fn what_is_not_linked_is_refused() {
    let organization = Organization::new();
    let text = "The entity should have a relationship with the primary entity and this should be explicitly specified in the request";
    let lonely =
        json!([customer("linked", &json!({"parent": one("customers", "self")})), customer("lonely", &json!({}))]);
    refused(post(&organization, &json!({}), &lonely), "request data constraint", text, "/included/1");
    let pair = json!([customer("a", &json!({"parent": one("customers", "b")})), customer("b", &json!({}))]);
    refused(post(&organization, &json!({}), &pair), "request data constraint", text, "/included/0");
}

/// "The item duplicates the item with the index N"
#[test]
fn duplicates_are_refused() {
    let organization = Organization::new();
    let linked = json!({"parent": one("customers", "self")});
    let twice = json!([customer("a", &linked), customer("b", &linked), customer("a", &linked)]);
    let text = "The item duplicates the item with the index 0";
    refused(post(&organization, &json!({}), &twice), "request data constraint", text, "/included/2");
}

/// `meta.update` changes a record that exists; one that does not is `entity constraint`; unknown types are refused.
#[test]
fn included_records_are_updated() {
    let shop = Shop::new();
    let update = |id: &str| {
        let mut item = customer(id, &json!({}));
        item["attributes"]["name"] = json!("Renamed");
        item["meta"] = json!({"update": true});
        post(&shop.organization, &json!({"children": many("customers", &[id])}), &json!([item]))
    };
    let answer = update(&shop.customer).expect(201).json();
    assert_eq!(answer["included"][0]["meta"]["includeId"], json!(shop.customer));
    assert_eq!(shop.attributes("customers", &shop.customer)["name"], "Renamed");
    refused(update("999999999"), "entity constraint", "The entity does not exist.", "/included/0");
    let answer = post(&shop.organization, &json!({}), &json!([{"type": "nothing", "id": "1"}]));
    let error = answer.expect(400).error();
    assert_eq!(
        (&error["title"], &error["detail"]),
        (&json!("entity type constraint"), &json!("Unknown entity type: nothing."))
    );
}

/// `meta.upsert` in `included` finds or makes.
#[test]
fn included_records_are_upserted() {
    let shop = Shop::new();
    let name = unique("Group");
    let group = json!([{
        "type": "customergroups", "id": "g", "attributes": {"name": name}, "meta": {"upsert": ["name"]},
    }]);
    let linked = json!({"group": one("customergroups", "g")});
    let first = post(&shop.organization, &linked, &group).expect(201).json();
    let second = post(&shop.organization, &linked, &group).expect(201).json();
    assert_eq!(first["included"][0]["id"], second["included"][0]["id"]);
    assert_ne!(first["data"]["id"], second["data"]["id"]);
}

/// Only one of update, upsert and validate; each of the right type; `update` not on the primary record.
#[test]
fn options_are_checked() {
    let organization = Organization::new();
    let meta = |meta: Value| {
        let data = json!({"type": "customers", "attributes": {"name": "A"}, "meta": meta});
        organization.client().post("/admin/api/customers", &json!({"data": data}))
    };
    let boolean = "This value should be a boolean.";
    let list = "This value should be a boolean or an array of strings.";
    refused(meta(json!({"update": 1})), "value constraint", boolean, "/data/meta/update");
    refused(meta(json!({"validate": "x"})), "value constraint", boolean, "/data/meta/validate");
    for wrong in [json!(1), json!([]), json!([1]), json!("name")] {
        refused(meta(json!({"upsert": wrong})), "value constraint", list, "/data/meta/upsert");
    }
    refused(meta(json!({"update": true})), "value constraint", "The option is not supported.", "/data/meta/update");
    refused(meta(json!({"validate": true})), "value constraint", "The option is not supported.", "/data/meta/validate");
    let two = meta(json!({"upsert": ["externalId"], "validate": true}));
    assert_eq!(two.expect(400).error()["detail"], "Only one meta option can be used.");
    meta(json!({"update": false, "upsert": false, "validate": false})).expect(201);
}

/// Records that point at each other: a product and its primary unit, a parent and its child.
#[test]
fn cycles() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0), ("kg", 2)]);
    let relationships = shop.client().get(&format!("/admin/api/products/{product}")).expect(200).json();
    let relationships = &relationships["data"]["relationships"];
    let units = relationships["unitPrecisions"]["data"].as_array().unwrap();
    assert_eq!(units.len(), 2);
    assert!(units.contains(&relationships["primaryUnitPrecision"]["data"]));

    // A circle of parents is none of a tree.
    let below = shop.create("customers", &json!({"name": "B"}), &json!({"parent": one("customers", &shop.customer)}));
    let body = json!({"data": {
        "type": "customers", "id": shop.customer, "relationships": {"parent": one("customers", &below)},
    }});
    let error = shop.client().patch(&format!("/admin/api/customers/{}", shop.customer), &body).expect(400).error();
    assert!(error["source"]["pointer"].as_str().is_some_and(|place| place.starts_with("/data")), "{error}");
    let path = format!("/admin/api/customers/{}/relationships/parent", shop.customer);
    shop.client().patch(&path, &one("customers", &shop.customer)).expect(400);
    shop.client().patch(&path, &one("customers", &below)).expect(400);
    let ring = json!([
        customer("x", &json!({"parent": one("customers", "y")})),
        customer("y", &json!({"parent": one("customers", "x")}))
    ]);
    post(&shop.organization, &json!({"parent": one("customers", "x")}), &ring).expect(400);
}

/// Parts that are sent again for a list keep their records where their key says they are the same: the unit keeps its
/// stock; those that are not named go.
#[test]
fn parts_that_are_replaced_keep_what_they_are() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0), ("kg", 2)]);
    let path = format!("/admin/api/products/{product}");
    let units = |document: &Value| document["data"]["relationships"]["unitPrecisions"]["data"].clone();
    let before = units(&shop.client().get(&path).expect(200).json());
    let levels =
        shop.client().get(&format!("/admin/api/inventorylevels?filter[product]={product}&sort=id")).expect(200);
    let levels = levels.json();
    let level = levels["data"][0]["id"].as_str().unwrap().to_owned();
    shop.change("inventorylevels", &level, &json!({"quantity": "42"})).expect(200);

    let body = json!({
        "data": {
            "type": "products", "id": product,
            "relationships": {
                "unitPrecisions": many("productunitprecisions", &["again", "new"]),
                "primaryUnitPrecision": one("productunitprecisions", "again"),
            },
        },
        "included": [
            {
                "type": "productunitprecisions", "id": "again", "attributes": {"precision": 1, "conversionRate": 1, "sell": true},
                "relationships": {"unit": one("productunits", "item")},
            },
            {
                "type": "productunitprecisions", "id": "new", "attributes": {"precision": 0, "conversionRate": 5, "sell": true},
                "relationships": {"unit": one("productunits", "set")},
            },
        ],
    });
    let after = units(&shop.client().patch(&path, &body).expect(200).json());
    assert_eq!(after[0], before[0], "the same unit is the same record");
    assert_ne!(after[1], before[1]);
    assert_eq!(shop.attributes("inventorylevels", &level)["quantity"], "42");
    let gone = before[1]["id"].as_str().unwrap();
    shop.client().get(&format!("/admin/api/productunitprecisions/{gone}")).expect(404);
    let levels = shop.client().get(&format!("/admin/api/inventorylevels?filter[product]={product}")).expect(200).json();
    assert_eq!(levels["data"].as_array().unwrap().len(), 2, "the unit that went took its stock along");
}

// Two ends of one link that say different things are not settled in silence: both places are named.
#[test]
fn links_that_contradict_each_other_are_refused() {
    let shop = Shop::new();
    let other = shop.create("customers", &json!({"name": "Other"}), &json!({}));
    let body = |parent: &str| {
        json!({
            "data": {
                "type": "customers", "id": "top", "attributes": {"name": "Top"},
                "relationships": {"children": many("customers", &["child"])},
            },
            "included": [{
                "type": "customers", "id": "child", "attributes": {"name": "Child"},
                "relationships": {"parent": one("customers", parent)},
            }],
        })
    };
    shop.client().post("/admin/api/customers", &body("top")).expect(201);
    let error = shop.client().post("/admin/api/customers", &body(&other)).expect(400).error();
    assert_eq!(error["title"], "request data constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/relationships/parent/data");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("/data/relationships/children/data"), "{detail}");

    // So are two lists that both have a record that can be in one only.
    let lists = json!({
        "data": {
            "type": "customers", "id": "1st", "attributes": {"name": "First"},
            "relationships": {"children": many("customers", &["child", "2nd"])},
        },
        "included": [
            {"type": "customers", "id": "child", "attributes": {"name": "Child"}},
            {
                "type": "customers", "id": "2nd", "attributes": {"name": "Second"},
                "relationships": {"children": many("customers", &["child"])},
            },
        ],
    });
    let error = shop.client().post("/admin/api/customers", &lists).expect(400).error();
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("/data/relationships/children/data"), "{detail}");
    assert_eq!(error["source"]["pointer"], "/included/1/relationships/children/data");
}
