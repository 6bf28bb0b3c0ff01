//! Orders: what they need, what the server fills in, and their totals.

use serde_json::{Value, json};

use crate::support::organization::Organization;
use crate::support::server::TestServer;
use crate::support::shop::{Shop, line, many, one};

fn totals(attributes: &Value) -> [&str; 4] {
    ["subtotalValue", "totalDiscountsAmount", "subtotalWithDiscounts", "totalValue"]
        .map(|name| attributes[name].as_str().unwrap())
}

/// "Totals are always recomputed after any change of the order, its line items, discounts, or shipping address."
#[test]
fn totals_follow_every_change_of_the_line_items() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order =
        shop.try_order(&[line("1", &product, &json!(2), "10.5"), line("2", &product, &json!(3), "1")]).expect(201);
    let id = order.id();
    assert_eq!(totals(&order.json()["data"]["attributes"]), ["24.0000", "0.0000", "24.0000", "24.0000"]);

    let lines = order.json()["data"]["relationships"]["lineItems"]["data"].clone();
    let first = lines[0]["id"].as_str().unwrap();
    shop.change("orderlineitems", first, &json!({"quantity": 4})).expect(200);
    assert_eq!(totals(&shop.attributes("orders", &id))[3], "45.0000");

    let mut added = line("x", &product, &json!(1), "5.0001");
    added["relationships"]["orders"] = many("orders", &[&id]);
    let added = shop.create("orderlineitems", &added["attributes"], &added["relationships"]);
    assert_eq!(totals(&shop.attributes("orders", &id))[3], "50.0001");

    shop.client().delete(&format!("/admin/api/orderlineitems/{added}")).expect(204);
    shop.client().delete(&format!("/admin/api/orderlineitems/{first}")).expect(204);
    assert_eq!(totals(&shop.attributes("orders", &id))[3], "3.0000");

    shop.change("orders", &id, &json!({"estimatedShippingCostAmount": "7"})).expect(200);
    assert_eq!(totals(&shop.attributes("orders", &id)), ["3.0000", "0.0000", "3.0000", "10.0000"]);
    let changed = shop.change("orders", &id, &json!({"overriddenShippingCostAmount": "2"})).expect(200);
    assert_eq!(totals(&changed.json()["data"]["attributes"])[3], "5.0000");
}

/// "All read-only."
#[test]
fn totals_that_are_sent_are_ignored() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut body = shop.order(&[line("1", &product, &json!(1), "10")]);
    body["data"]["attributes"]["totalValue"] = json!("1");
    let order = shop.client().post("/admin/api/orders", &body).expect(201);
    assert_eq!(totals(&order.json()["data"]["attributes"])[3], "10.0000");
    let changed = shop.change("orders", &order.id(), &json!({"subtotalValue": "1"})).expect(200);
    assert_eq!(totals(&changed.json()["data"]["attributes"])[0], "10.0000");
}

#[test]
fn simultaneous_changes_of_one_order_all_count() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("0", &product, &json!(1), "1")]).expect(201).id();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut added = line("x", &product, &json!(1), "1");
                added["relationships"]["orders"] = many("orders", &[&order]);
                shop.create("orderlineitems", &added["attributes"], &added["relationships"]);
            });
        }
    });
    assert_eq!(totals(&shop.attributes("orders", &order))[3], "9.0000");
}

/// "Required on create: `customer`, `lineItems` (at least one, normally through `included`)."
#[test]
fn a_customer_and_a_line_item_are_required() {
    let shop = Shop::new();
    let answer = shop.try_create("orders", &json!({"currency": "USD"}), &json!({})).expect(400);
    let errors = answer.json()["errors"].clone();
    let seen: Vec<(&str, &str)> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["title"].as_str().unwrap(), error["source"]["pointer"].as_str().unwrap()))
        .collect();
    assert!(seen.contains(&("not blank constraint", "/data/relationships/customer/data")), "{seen:?}");
    assert!(seen.contains(&("count constraint", "/data/relationships/lineItems/data")), "{seen:?}");
}

/// "`identifier` optional (generated if absent), filter case-insensitive."
#[test]
fn an_identifier_is_made_where_none_is_sent() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let parts = [line("1", &product, &json!(1), "1")];
    let order = shop.try_order(&parts).expect(201);
    assert_eq!(order.json()["data"]["attributes"]["identifier"], json!(order.id()));

    let mut body = shop.order(&parts);
    body["data"]["attributes"]["identifier"] = json!("Web-77");
    let named = shop.client().post("/admin/api/orders", &body).expect(201).id();
    let found = shop.client().get("/admin/api/orders?filter[identifier]=wEB-77").expect(200).json();
    assert_eq!(found["data"][0]["id"], json!(named));

    let again = shop.client().post("/admin/api/orders", &body).expect(400).error();
    assert_eq!(again["title"], "unique entity constraint");
    assert_eq!(again["source"]["pointer"], "/data/attributes/identifier");
}

/// An identifier that somebody chose is not given away a second time.
#[test]
fn a_made_identifier_avoids_one_that_is_taken() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let parts = [line("1", &product, &json!(1), "1")];
    let last: i64 = shop.try_order(&parts).expect(201).id().parse().unwrap();
    // Other tests draw ids from the same sequence: the ids to come are within reach, not certain.
    for ahead in 1..=40 {
        let mut body = shop.order(&parts);
        body["data"]["attributes"]["identifier"] = json!((last + 40 + ahead).to_string());
        shop.client().post("/admin/api/orders", &body).expect(201);
    }
    for _ in 0..3 {
        shop.try_order(&parts).expect(201);
    }
}

/// "order `currency` immutable after create. `createdBy`, `external` are set at create only."
#[test]
fn currency_and_origin_are_set_once() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut body = shop.order(&[line("1", &product, &json!(1), "1")]);
    body["data"]["attributes"] = json!({"external": true, "createdAt": "2024-02-03T04:05:06Z"});
    let order = shop.client().post("/admin/api/orders?include=createdBy", &body).expect(201);
    let data = order.json()["data"].clone();
    assert_eq!(data["attributes"]["currency"], "USD", "that of the line item");
    assert_eq!(data["attributes"]["createdAt"], "2024-02-03T04:05:06Z");
    assert_eq!(data["relationships"]["createdBy"]["data"]["id"], json!(shop.organization.admin.id.to_string()));

    let changed = shop.change("orders", &order.id(), &json!({"currency": "EUR", "external": false})).expect(200);
    assert_eq!(changed.json()["data"]["attributes"]["currency"], "USD");
    assert_eq!(changed.json()["data"]["attributes"]["external"], json!(true));
}

/// "`internalStatus` starts as `open`, `shippingStatus` as `not_shipped`"
#[test]
fn statuses_at_the_start() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).json();
    let relationships = &order["data"]["relationships"];
    assert_eq!(
        relationships["internalStatus"],
        with_links_removed(relationships, "internalStatus", "orderinternalstatuses", "open")
    );
    assert_eq!(relationships["shippingStatus"]["data"]["id"], "not_shipped");
}

fn with_links_removed(relationships: &Value, name: &str, kind: &str, id: &str) -> Value {
    let mut expected = one(kind, id);
    if let Some(links) = relationships[name].get("links") {
        expected["links"] = links.clone();
    }
    expected
}

/// "`status` is writable only when "external status management" is on, otherwise ignored"
#[test]
fn the_status_is_writable_when_an_external_system_manages_it() {
    let off = TestServer::start(crate::support::database::shared(), "[orders]\nexternal_status_management = false");
    for (server, expected) in [(TestServer::shared(), json!("shipped")), (Box::leak(Box::new(off)), Value::Null)] {
        let shop = Shop::of(Organization::on(server));
        let product = shop.product("A", &[("item", 0)]);
        let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
        let body = json!({"data": {"type": "orders", "id": order, "relationships": {
            "status": one("orderstatuses", "shipped"), "internalStatus": one("orderinternalstatuses", "closed"),
        }}});
        let changed = shop.client().patch(&format!("/admin/api/orders/{order}"), &body).expect(200).json();
        assert_eq!(changed["data"]["relationships"]["status"]["data"]["id"], expected);
        assert_eq!(changed["data"]["relationships"]["internalStatus"]["data"]["id"], "open", "read-only");
    }
}

/// "the documented way to price a draft order"
#[test]
fn validate_prices_a_draft_and_stores_nothing() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut body = shop.order(&[
        line("1", &product, &json!(3), "10"),
        json!({
            "type": "orderdiscounts", "id": "d",
            "attributes": {"orderDiscountType": "oro_order_discount_item_type_percent", "percent": 0.1},
        }),
    ]);
    body["data"]["meta"] = json!({"validate": true});
    let answer = shop.client().post("/admin/api/orders?include=orderSubtotals", &body).expect(201);
    assert_ne!(answer.header("Location"), "");
    let subtotals: Vec<(String, String)> = answer.json()["included"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["type"] == "ordersubtotals")
        .map(|item| {
            let attributes = &item["attributes"];
            let text = |name: &str| attributes[name].as_str().unwrap().to_owned();
            (text("orderSubtotalType"), text("signedAmount"))
        })
        .collect();
    assert!(subtotals.contains(&("subtotal".to_owned(), "30.0000".to_owned())), "{subtotals:?}");
    assert!(subtotals.contains(&("discount".to_owned(), "-3.0000".to_owned())), "{subtotals:?}");
    shop.client().get(&format!("/admin/api/orders/{}", answer.id())).expect(404);
    assert_eq!(shop.client().get("/admin/api/orders").expect(200).json()["data"], json!([]));
}

#[test]
fn a_customer_user_belongs_to_the_customer() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let other = shop.create("customers", &json!({"name": "Birch"}), &json!({}));
    let role = shop.create("customeruserroles", &json!({"label": "Buyer"}), &json!({}));
    let attributes = json!({"email": "d.birch@birch.example", "firstName": "David", "lastName": "Birch"});
    let relationships = json!({"customer": one("customers", &other), "userRoles": many("customeruserroles", &[&role])});
    let user = shop.create("customerusers", &attributes, &relationships);

    let mut body = shop.order(&[line("1", &product, &json!(1), "1")]);
    body["data"]["relationships"]["customerUser"] = one("customerusers", &user);
    let error = shop.client().post("/admin/api/orders", &body).expect(400).error();
    assert_eq!(error["title"], "customer owner constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/customerUser/data");
    body["data"]["relationships"]["customer"] = one("customers", &other);
    shop.client().post("/admin/api/orders", &body).expect(201);
}

#[test]
fn an_order_goes_with_its_parts() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201);
    let item = order.json()["data"]["relationships"]["lineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    shop.client().delete(&format!("/admin/api/orders/{}", order.id())).expect(204);
    shop.client().get(&format!("/admin/api/orderlineitems/{item}")).expect(404);
}

/// An order's parts stay with it: otherwise the totals of the order they leave would be wrong.
#[test]
fn line_items_do_not_move_to_another_order() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let parts = [line("1", &product, &json!(1), "1")];
    let first = shop.try_order(&parts).expect(201);
    let second = shop.try_order(&parts).expect(201).id();
    let item = first.json()["data"]["relationships"]["lineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/api/orders/{second}/relationships/lineItems");
    let error = shop.client().post(&path, &many("orderlineitems", &[&item])).expect(400).error();
    assert_eq!(error["title"], "line item constraint");
    assert_eq!(totals(&shop.attributes("orders", &first.id()))[3], "1.0000");
}

/// "a change row in the same transaction as every write": also for the order whose totals follow.
#[test]
fn a_changed_line_item_is_recorded_for_its_order_too() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "10")]).expect(201);
    let item = order.json()["data"]["relationships"]["lineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    shop.change("orderlineitems", &item, &json!({"quantity": 2})).expect(200);
    let recorded: Vec<(Option<String>, Option<String>)> = shop.organization.write(|conn| {
        let mut sql = entrepot::engine::sql::Sql::new();
        sql.raw("SELECT resource, fields::text FROM change WHERE action = 'updated' AND organization_id = ");
        sql.bind(entrepot::engine::value::Value::Integer(shop.organization.id())).raw(" ORDER BY resource");
        Ok(sql.collect(conn, |row| -> diesel::QueryResult<_> { Ok((row.text(0)?, row.text(1)?)) })?)
    });
    let fields = |name: &str| {
        let row = recorded.iter().find(|(resource, _)| resource.as_deref() == Some(name));
        row.and_then(|(_, fields)| fields.clone()).unwrap_or_else(|| panic!("no row for {name}: {recorded:?}"))
    };
    assert!(fields("orderlineitems").contains("\"quantity\""), "{recorded:?}");
    assert!(fields("orders").contains("\"totalValue\""), "{recorded:?}");
}

#[test]
fn an_order_upserts_by_its_identifier() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut body = shop.order(&[line("1", &product, &json!(1), "10")]);
    body["data"]["attributes"]["identifier"] = json!("WEB-1");
    body["data"]["meta"] = json!({"upsert": ["identifier"]});
    let first = shop.client().post("/admin/api/orders", &body).expect(201).id();
    body["included"][0]["attributes"]["quantity"] = json!(3);
    let again = shop.client().post("/admin/api/orders", &body).expect(200);
    assert_eq!(again.id(), first);
    let data = again.json()["data"].clone();
    assert_eq!(totals(&data["attributes"])[3], "30.0000", "the list is replaced");
    assert_eq!(data["relationships"]["lineItems"]["data"].as_array().unwrap().len(), 1);
}

/// A reference that an order still needs keeps what it refers to.
#[test]
fn a_product_on_an_order_stays() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    shop.try_order(&[line("1", &product, &json!(1), "10")]).expect(201);
    let error = shop.client().delete(&format!("/admin/api/products/{product}")).expect(403).error();
    assert_eq!(error["title"], "access denied exception");
    assert!(error["detail"].as_str().unwrap().starts_with("The delete operation is forbidden. Reason:"), "{error}");
}
