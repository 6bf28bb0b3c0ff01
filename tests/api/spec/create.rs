//! Bodies of creates and updates: their structure, and what is refused where.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, JSON_API};
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, one};

/// What the first error says: status, title, detail, pointer.
fn first(answer: &Answer) -> (u16, String, String, String) {
    let error = answer.error();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&error["title"]), text(&error["detail"]), text(&error["source"]["pointer"]))
}

#[track_caller]
fn refused(answer: &Answer, status: u16, title: &str, detail: &str, pointer: &str) {
    assert_eq!(first(answer), (status, title.to_owned(), detail.to_owned(), pointer.to_owned()));
}

/// Structural errors are 400 `request data constraint` with a pointer to the node at fault.
#[test]
fn structural_faults() {
    let organization = Organization::new();
    let post = |body: &Value| organization.client().post("/admin/api/customers", body);
    let data = |data: Value| json!({"data": data});
    let with = |name: &str, value: Value| {
        let mut body = json!({"type": "customers", "attributes": {"name": "A"}});
        body[name] = value;
        data(body)
    };
    let included =
        |item: Value| json!({"data": {"type": "customers", "attributes": {"name": "A"}}, "included": [item]});
    for (body, detail, pointer) in [
        (json!({"meta": {}}), "The primary data object should exist", "/data"),
        (data(json!(null)), "The primary data object should not be empty", "/data"),
        (data(json!({})), "The primary data object should not be empty", "/data"),
        (data(json!([])), "The primary resource object should be an object", "/data"),
        (data(json!("x")), "The primary resource object should be an object", "/data"),
        (data(json!({"attributes": {}})), "The 'type' property is required", "/data/type"),
        (data(json!({"type": null})), "The 'type' property should not be null", "/data/type"),
        (data(json!({"type": " "})), "The 'type' property should not be blank", "/data/type"),
        (data(json!({"type": 1})), "The 'type' property should be a string", "/data/type"),
        (with("id", json!(1)), "The 'id' property should be a string", "/data/id"),
        (with("id", json!("")), "The 'id' property should not be blank", "/data/id"),
        (with("attributes", json!(null)), "The 'attributes' property should not be null", "/data/attributes"),
        (with("attributes", json!([])), "The 'attributes' property should be an associative array", "/data/attributes"),
        (with("attributes", json!(1)), "The 'attributes' property should be an array", "/data/attributes"),
        (with("relationships", json!("x")), "The 'relationships' property should be an array", "/data/relationships"),
        (with("nope", json!(1)), "The 'nope' property is not allowed for a resource object", "/data/nope"),
        (
            with("relationships", json!({"group": {}})),
            "The relationship should have 'data' property",
            "/data/relationships/group",
        ),
        (
            with("relationships", json!({"group": {"data": 1}})),
            "The related resource should be an object",
            "/data/relationships/group/data",
        ),
        (
            with("relationships", json!({"group": {"data": {"type": "customergroups"}}})),
            "The 'id' property is required",
            "/data/relationships/group/data/id",
        ),
        (
            with("relationships", json!({"children": {"data": [{"id": "1"}]}})),
            "The 'type' property is required",
            "/data/relationships/children/data/0/type",
        ),
        (included(json!(1)), "The related resource should be an object", "/included/0"),
        (included(json!({"type": "customers"})), "The 'id' property is required", "/included/0/id"),
        (included(json!({"id": "1"})), "The 'type' property is required", "/included/0/type"),
        (
            json!({"data": {"type": "customers"}, "included": {}}),
            "The 'included' property should be an array",
            "/included",
        ),
    ] {
        refused(&post(&body), 400, "request data constraint", detail, pointer);
    }
    for body in ["", "  ", "{}"] {
        let answer = organization
            .client()
            .send(Method::POST, "/admin/api/customers", |request| request.header("Content-Type", JSON_API).body(body));
        refused(&answer, 400, "request data constraint", "The request data should not be empty.", "");
    }
}

/// `data.type` equals the route's type and, on PATCH, `data.id` the route's id: else 409.
#[test]
fn type_and_id_are_the_routes() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}", shop.customer);
    let patch = |data: Value| shop.client().patch(&path, &json!({"data": data}));
    let text = "The 'type' property of the primary data object should match the requested resource";
    refused(&patch(json!({"type": "orders", "id": shop.customer})), 409, "conflict constraint", text, "/data/type");
    let text = "The 'id' property of the primary data object should match 'id' parameter of the query sting";
    refused(&patch(json!({"type": "customers", "id": "1"})), 409, "conflict constraint", text, "/data/id");
    refused(
        &patch(json!({"type": "customers"})),
        400,
        "request data constraint",
        "The 'id' property is required",
        "/data/id",
    );
}

/// Where the server makes the ids, a sent one is a label; where the client chooses, it is required and new.
#[test]
fn ids_that_clients_send() {
    let shop = Shop::new();
    let label = json!({"data": {"type": "customers", "id": "0d9d1b0c-uuid", "attributes": {"name": "A"}}});
    let id = shop.client().post("/admin/api/customers", &label).expect(201).id();
    assert!(id.parse::<i64>().is_ok(), "{id}");

    let unit = |id: Option<&str>| {
        let attributes = json!({
            "label": "a", "shortLabel": "b", "pluralLabel": "c", "shortPluralLabel": "d", "defaultPrecision": 1,
        });
        let mut body = json!({"data": {"type": "productunits", "attributes": attributes}});
        if let Some(id) = id {
            body["data"]["id"] = json!(id);
        }
        shop.client().post("/admin/api/productunits", &body)
    };
    refused(&unit(None), 400, "entity identifier constraint", "The identifier is mandatory", "/data/id");
    refused(&unit(Some("item")), 409, "conflict constraint", "The entity already exists.", "/data/id");
}

/// Blank and missing required members, nulls, lengths, words and addresses, each at its place, all at once.
#[test]
fn values_that_do_not_fit() {
    let shop = Shop::new();
    let body = json!({"data": {
        "type": "customers",
        "attributes": {"name": " ", "externalId": "x".repeat(37)},
        "relationships": {"organization": {"data": null}},
    }});
    let answer = shop.client().post("/admin/api/customers", &body).expect(400).json();
    let seen: Vec<[&str; 3]> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            [&error["title"], &error["detail"], &error["source"]["pointer"]].map(|text| text.as_str().unwrap())
        })
        .collect();
    for expected in [
        ["not blank constraint", "This value should not be blank.", "/data/attributes/name"],
        [
            "length constraint",
            "This value is too long. It should have 36 characters or less.",
            "/data/attributes/externalId",
        ],
    ] {
        assert!(seen.contains(&expected), "{seen:?}");
    }
    let answer = shop.try_create("customers", &json!({}), &json!({}));
    refused(&answer, 400, "not blank constraint", "This value should not be blank.", "/data/attributes/name");
    let answer = shop.change("customers", &shop.customer, &json!({"name": null}));
    refused(&answer, 400, "not blank constraint", "This value should not be blank.", "/data/attributes/name");
    let answer = shop.change("brands", "1", &json!({"status": "nope"}));
    assert_eq!(answer.status, 400);
    let attributes = json!({"email": "nobody", "firstName": "A", "lastName": "B"});
    let answer = shop.try_create("customerusers", &attributes, &json!({"customer": one("customers", &shop.customer)}));
    assert!(answer.text.contains("email constraint"), "{}", answer.text);
}

/// "400 `unique entity constraint`: This value is already used."
#[test]
fn values_that_are_taken() {
    let shop = Shop::new();
    let external = unique("E");
    shop.create("customers", &json!({"name": "A", "externalId": external}), &json!({}));
    let answer = shop.try_create("customers", &json!({"name": "B", "externalId": external}), &json!({}));
    let text = "This value is already used.";
    refused(&answer, 400, "unique entity constraint", text, "/data/attributes/externalId");
    let answer = shop.change("customers", &shop.customer, &json!({"externalId": external}));
    refused(&answer, 400, "unique entity constraint", text, "/data/attributes/externalId");
    // Another organization has its own.
    let other = Shop::new();
    other.create("customers", &json!({"name": "A", "externalId": external}), &json!({}));
}

/// `createdAt` and `updatedAt` are the server's; on orders a sent `createdAt` is kept.
#[test]
fn time_stamps() {
    let shop = Shop::new();
    let stamps = json!({"name": "A", "createdAt": "2001-02-03T04:05:06Z", "updatedAt": "2001-02-03T04:05:06Z"});
    let id = shop.create("customers", &stamps, &json!({}));
    let made = shop.attributes("customers", &id);
    assert_eq!(made["createdAt"], made["updatedAt"]);
    assert!(made["createdAt"].as_str().unwrap() > "2020");
    let product = shop.product("A", &[("item", 0)]);
    let mut order = shop.order(&[crate::support::shop::line("1", &product, &json!(1), "1")]);
    order["data"]["attributes"]["createdAt"] = json!("2001-02-03T04:05:06+01:00");
    let order = shop.client().post("/admin/api/orders", &order).expect(201).json();
    assert_eq!(order["data"]["attributes"]["createdAt"], "2001-02-03T03:05:06Z");
}

/// Owner and organization are the caller's where the request does not say.
#[test]
fn owner_and_organization() {
    let shop = Shop::new();
    let customer = shop.client().get(&format!("/admin/api/customers/{}", shop.customer)).expect(200).json();
    let of = &customer["data"]["relationships"];
    assert_eq!(of["owner"]["data"]["id"], json!(shop.organization.admin.id.to_string()));
    assert_eq!(of["organization"]["data"]["id"], json!(shop.organization.id().to_string()));
    let other = Organization::new().id().to_string();
    let answer =
        shop.try_create("customers", &json!({"name": "A"}), &json!({"organization": one("organizations", &other)}));
    assert_eq!(answer.status, 400);
}
