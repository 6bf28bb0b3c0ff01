//! Atomic operations (the extension of JSON:API 1.1), beyond the statements of the specification.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::organization::Organization;
use crate::support::shop::{Shop, one};

pub const ATOMIC: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";

/// POST of a document of operations.
pub fn operate(client: &Client, document: &Value) -> Answer {
    client.send(Method::POST, "/admin/api/operations", |request| {
        request.header("Content-Type", ATOMIC).header("Accept", ATOMIC).body(document.to_string())
    })
}

fn run(client: &Client, operations: Value) -> Answer {
    operate(client, &json!({"atomic:operations": operations}))
}

/// The linkage of records by `lid`.
fn lids(kind: &str, names: &[&str]) -> Value {
    json!({"data": names.iter().map(|name| json!({"type": kind, "lid": name})).collect::<Vec<_>>()})
}

fn lid(kind: &str, name: &str) -> Value {
    json!({"data": {"type": kind, "lid": name}})
}

/// A product with its parts, each an operation; the parts come after it.
fn product(shop: &Shop, sku: &str) -> Vec<Value> {
    let families = shop.client().get("/admin/api/attributefamilies").expect(200).json();
    let family = families["data"][0]["id"].as_str().unwrap().to_owned();
    vec![
        json!({"op": "add", "data": {
            "type": "products", "lid": "p", "attributes": {"sku": sku},
            "relationships": {
                "names": lids("productnames", &["n"]),
                "unitPrecisions": lids("productunitprecisions", &["u"]),
                "primaryUnitPrecision": lid("productunitprecisions", "u"),
                "inventory_status": one("prodinventorystatuses", "in_stock"),
                "attributeFamily": one("attributefamilies", &family),
            },
        }}),
        json!({"op": "add", "data": {"type": "productnames", "lid": "n", "attributes": {"string": "Saw"}}}),
        json!({"op": "add", "data": {
            "type": "productunitprecisions", "lid": "u", "attributes": {"precision": 0},
            "relationships": {"unit": one("productunits", "item")},
        }}),
    ]
}

// Records that cannot be without each other are added in any order: "lid across operations".
#[test]
fn a_product_and_its_parts_are_added_by_lid() {
    let shop = Shop::new();
    for turn in 0..3 {
        let sku = format!("SAW-{turn}");
        let mut operations = product(&shop, &sku);
        operations.rotate_left(turn);
        operations.push(
            json!({"op": "add", "href": "/customers", "data": {"type": "customers", "attributes": {"name": "Last"}}}),
        );
        let results = run(shop.client(), json!(operations)).expect(200).json()["atomic:results"].clone();
        let types: Vec<&str> =
            results.as_array().unwrap().iter().map(|one| one["data"]["type"].as_str().unwrap()).collect();
        let expected: Vec<&str> = operations.iter().map(|one| one["data"]["type"].as_str().unwrap()).collect();
        assert_eq!(types, expected);
        let found =
            shop.client().get(&format!("/admin/api/products?filter[sku]={sku}&include=names")).expect(200).json();
        assert_eq!(found["included"][0]["attributes"]["string"], "Saw");
    }
}

// Later operations see what earlier ones did, through lids and through ids.
#[test]
fn later_operations_build_on_earlier_ones() {
    let shop = Shop::new();
    let mut operations = product(&shop, "A");
    operations.extend([
        json!({"op": "update", "ref": {"type": "products", "lid": "p"}, "data": {"type": "products", "lid": "p", "attributes": {"status": "enabled"}}}),
        json!({"op": "add", "data": {
            "type": "orders", "lid": "o", "attributes": {"currency": "USD"},
            "relationships": {"customer": one("customers", &shop.customer), "lineItems": lids("orderlineitems", &["l"])},
        }}),
        json!({"op": "add", "data": {
            "type": "orderlineitems", "lid": "l", "attributes": {"quantity": 2, "value": "3", "currency": "USD"},
            "relationships": {"product": lid("products", "p"), "productUnit": one("productunits", "item")},
        }}),
        json!({"op": "add", "ref": {"type": "products", "lid": "p", "relationship": "names"}, "data": []}),
    ]);
    let answer = run(shop.client(), json!(operations)).expect(200);
    let order = &answer.json()["atomic:results"][4]["data"];
    assert_eq!(order["attributes"]["subtotalValue"], "6.0000");
}

// "rights as for single requests": one refused operation refuses all.
#[test]
fn each_operation_takes_its_own_right() {
    let organization = Organization::new();
    let user = organization.user_who_may(
        &json!({"customers": {"VIEW": "organization", "CREATE": "organization", "EDIT": "organization"}}),
    );
    let group = json!({"op": "add", "data": {"type": "customergroups", "attributes": {"name": "G"}}});
    let customer = json!({"op": "add", "data": {"type": "customers", "lid": "c", "attributes": {"name": "C"}}});
    run(&user.client, json!([customer])).expect(200);
    let error = run(&user.client, json!([customer, group])).expect(403).error();
    assert_eq!(
        (error["title"].as_str(), error["source"]["pointer"].as_str()),
        (Some("access denied exception"), Some("/atomic:operations/1"))
    );
    let error = run(&user.client, json!([customer, {"op": "remove", "ref": {"type": "customers", "lid": "c"}}]))
        .expect(403)
        .error();
    assert_eq!(error["source"]["pointer"], "/atomic:operations/1");
    assert_eq!(user.client.get("/admin/api/customers").expect(200).json()["data"].as_array().unwrap().len(), 1);
    let stranger = organization.user_who_may(&json!({}));
    run(&stranger.client, json!([customer])).expect(403);
    operate(&organization.client().with_token("nobody"), &json!({})).expect(401);
}

// "errors with pointers `/atomic:operations/N/...`".
#[test]
fn errors_point_into_their_operation() {
    let shop = Shop::new();
    let customer =
        |lid: &str| json!({"op": "add", "data": {"type": "customers", "lid": lid, "attributes": {"name": lid}}});
    let link = |data: Value| json!({"op": "update", "ref": {"type": "customers", "id": shop.customer, "relationship": "group"}, "data": data});
    let children = |op: &str, data: Value| json!({"op": op, "ref": {"type": "customers", "id": shop.customer, "relationship": "children"}, "data": data});
    for (operation, status, pointer) in [
        (json!("x"), 400, "/atomic:operations/1"),
        (json!({"data": {}}), 400, "/atomic:operations/1/op"),
        (json!({"op": "add", "what": 1, "data": {"type": "customers"}}), 400, "/atomic:operations/1/what"),
        (json!({"op": "add"}), 400, "/atomic:operations/1/data"),
        (
            json!({"op": "add", "data": {"type": "customers", "attributes": {"nam": 1}}}),
            400,
            "/atomic:operations/1/data",
        ),
        (json!({"op": "add", "href": "/nothing", "data": {"type": "customers"}}), 404, "/atomic:operations/1/href"),
        (
            json!({"op": "add", "href": "/customergroups", "data": {"type": "customers"}}),
            409,
            "/atomic:operations/1/data/type",
        ),
        (json!({"op": "remove"}), 400, "/atomic:operations/1"),
        (json!({"op": "remove", "href": "/customers"}), 400, "/atomic:operations/1"),
        (json!({"op": "remove", "ref": {"type": "customers", "lid": "z"}}), 400, "/atomic:operations/1"),
        (json!({"op": "remove", "ref": {"type": "customers", "id": "z"}}), 400, "/atomic:operations/1/ref/id"),
        (
            json!({"op": "remove", "ref": {"type": "customers", "id": shop.customer, "relationship": "z"}}),
            404,
            "/atomic:operations/1/ref/relationship",
        ),
        (
            json!({"op": "update", "ref": {"type": "customers", "id": shop.customer}, "data": {"type": "customers", "id": "1"}}),
            409,
            "/atomic:operations/1/data/id",
        ),
        (link(json!({"type": "customergroups", "id": "999999999"})), 400, "/atomic:operations/1/data"),
        (link(json!({"type": "customers", "id": "1"})), 400, "/atomic:operations/1/data/type"),
        (link(json!({"type": "customergroups", "lid": "z"})), 400, "/atomic:operations/1/data/lid"),
        (link(json!([])), 400, "/atomic:operations/1/data"),
        (
            children("add", json!([{"type": "customers", "lid": "a"}, {"type": "customers", "id": "999999999"}])),
            400,
            "/atomic:operations/1/data/1",
        ),
        (children("add", json!(null)), 400, "/atomic:operations/1/data"),
        (customer("a"), 400, "/atomic:operations/1/data/lid"),
        (
            json!({"op": "add", "data": {"type": "customers", "attributes": {"name": "x"}, "meta": {"validate": true}}}),
            400,
            "/atomic:operations/1/data/meta/validate",
        ),
        (
            json!({"op": "add", "data": {"type": "productunits", "lid": "x", "attributes": {"label": "x"}}}),
            400,
            "/atomic:operations/1/data/id",
        ),
    ] {
        let answer = run(shop.client(), json!([customer("a"), operation]));
        let error = answer.clone().expect(status).error();
        assert_eq!(error["source"]["pointer"], pointer, "{operation}: {}", answer.text);
    }
    let none = operate(shop.client(), &json!({"atomic:operations": []})).expect(400).error();
    assert_eq!(none["source"]["pointer"], "/atomic:operations");
    let parameter = shop.client().send(Method::POST, "/admin/api/operations?include=x", |request| {
        request.header("Content-Type", ATOMIC).body(json!({"atomic:operations": [customer("a")]}).to_string())
    });
    assert_eq!(parameter.expect(400).error()["source"]["parameter"], "include");
}

// A lid names nothing outside of its request, and no number.
#[test]
fn a_lid_is_no_id() {
    let shop = Shop::new();
    let body = json!({"data": {"type": "customers", "attributes": {"name": "x"}, "relationships": {"parent": lid("customers", &shop.customer)}}});
    let error = shop.client().post("/admin/api/customers", &body).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/parent/data/lid");
    // In operations an id is never the name of something new.
    let operations = json!([
        {"op": "add", "data": {"type": "customers", "id": "new", "attributes": {"name": "x"}}},
        {"op": "update", "ref": {"type": "customers", "id": shop.customer, "relationship": "parent"}, "data": {"type": "customers", "id": "new"}},
    ]);
    let error = run(shop.client(), operations).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/atomic:operations/1/data/id");
}

// Operations go by external ids where the request does.
#[test]
fn operations_go_by_external_ids() {
    let shop = Shop::new();
    let mut operations = product(&shop, "SAW");
    operations[0]["data"]["id"] = json!("SAW");
    operations[0]["data"].as_object_mut().unwrap().remove("lid");
    operations[0]["data"]["attributes"] = json!({"status": "enabled"});
    operations.push(json!({"op": "update", "href": "/products/SAW", "data": {"type": "products", "id": "SAW", "attributes": {"sku": "SAW-2"}}}));
    operations.push(json!({"op": "remove", "ref": {"type": "products", "id": "SAW-2"}}));
    let answer = shop.client().send(Method::POST, "/admin/api/operations", |request| {
        let request = request.header("X-Integration-Type", "ext_id").header("Content-Type", ATOMIC);
        request.body(json!({"atomic:operations": operations}).to_string())
    });
    let results = answer.expect(200).json()["atomic:results"].clone();
    assert_eq!((&results[0]["data"]["id"], &results[3]["data"]["id"]), (&json!("SAW"), &json!("SAW-2")));
}

// The storefront takes operations too, and refuses what it does not let clients write.
#[test]
fn the_storefront_takes_operations() {
    let user = Organization::new().storefront_user();
    let body = json!({"atomic:operations": [{"op": "add", "data": {"type": "countries", "id": "XX"}}]});
    let answer = user
        .client
        .send(Method::POST, "/api/operations", |request| request.header("Content-Type", ATOMIC).body(body.to_string()));
    assert_eq!(answer.expect(403).error()["title"], "action not allowed exception");
}
