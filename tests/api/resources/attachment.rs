//! Attachments: a file and the one record it is attached to.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::organization::unique;
use crate::support::shop::{Shop, line, many, one};

fn body(target: &Value) -> Value {
    json!({
        "data": {
            "type": "attachments",
            "attributes": {"comment": "The offer"},
            "relationships": {"target": {"data": target}, "file": one("files", "f")},
        },
        "included": [{
            "type": "files", "id": "f",
            "attributes": {"content": "QQ==", "originalFilename": "offer.txt", "mimeType": "text/plain"},
        }],
    })
}

fn post(client: &Client, target: &Value) -> Answer {
    client.post("/admin/api/attachments", &body(target))
}

fn identifier(kind: &str, id: &str) -> Value {
    json!({"type": kind, "id": id})
}

fn order(shop: &Shop) -> String {
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id()
}

#[test]
fn a_file_is_attached_to_a_record() {
    let shop = Shop::new();
    let client = shop.client();
    let customer = identifier("customers", &shop.customer);
    let made = post(client, &customer).expect(201);
    let attachment = made.id();
    let path = format!("/admin/api/attachments/{attachment}");
    let shown = client.get(&format!("{path}?include=target.owner,file.parent")).expect(200).json();
    assert_eq!(shown["data"]["relationships"]["target"]["data"], customer);
    let kinds: Vec<&str> =
        shown["included"].as_array().unwrap().iter().filter_map(|one| one["type"].as_str()).collect();
    assert_eq!(kinds, ["customers", "users", "files"]);
    // The file knows what it belongs to.
    let file = &shown["included"][2];
    assert_eq!(file["relationships"]["parent"]["data"], identifier("attachments", &attachment));
    assert_eq!(file["attributes"]["parentFieldName"], "file");
    assert_eq!(client.get(&format!("{path}/target")).expect(200).json()["data"]["attributes"]["name"], "Atlas");
    assert_eq!(client.get(&format!("{path}/relationships/target")).expect(200).json()["data"], customer);
    let of_customer = client.get(&format!("/admin/api/customers/{}/attachments", shop.customer)).expect(200).json();
    assert_eq!(of_customer["data"][0]["id"], json!(attachment));
}

#[test]
fn an_attachment_needs_a_target_and_a_file() {
    let shop = Shop::new();
    let client = shop.client();
    let place = |answer: Answer| answer.expect(400).error()["source"]["pointer"].clone();
    assert_eq!(place(post(client, &Value::Null)), "/data/relationships/target/data");
    assert_eq!(place(post(client, &identifier("countries", "DE"))), "/data/relationships/target/data/type");
    assert_eq!(place(post(client, &identifier("orders", "999999999"))), "/data/relationships/target/data");
    let bare = |relationships: Value| {
        let data = json!({"type": "attachments", "relationships": relationships});
        place(client.post("/admin/api/attachments", &json!({"data": data})))
    };
    assert_eq!(bare(json!({"target": one("customers", &shop.customer)})), "/data/relationships/file/data");
    // The row itself can have but one.
    let sql = format!(
        "INSERT INTO attachment (organization_id, file_id, owner_id, customer_id, order_id) VALUES ({}, 1, 1, 1, 1)",
        shop.organization.id()
    );
    let refused = shop.organization.write(|conn| Ok(diesel::sql_query(&sql).execute(conn).unwrap_err().to_string()));
    assert!(refused.contains("attachment_target_check"), "{refused}");
}

/// An attachment moves from record to record, and is never without one.
#[test]
fn an_attachment_moves() {
    let shop = Shop::new();
    let client = shop.client();
    let order = order(&shop);
    let attachment = post(client, &identifier("customers", &shop.customer)).expect(201).id();
    let path = format!("/admin/api/attachments/{attachment}");
    let route = format!("{path}/relationships/target");
    let target = || client.get(&route).expect(200).json()["data"].clone();
    client.patch(&route, &one("orders", &order)).expect(204);
    assert_eq!(target(), identifier("orders", &order));
    let data = json!({"data": {
        "type": "attachments", "id": attachment, "relationships": {"target": one("customers", &shop.customer)},
    }});
    client.patch(&path, &data).expect(200);
    assert_eq!(target(), identifier("customers", &shop.customer));
    // From the other end.
    let of_order = format!("/admin/api/orders/{order}/relationships/attachments");
    client.post(&of_order, &many("attachments", &[&attachment])).expect(204);
    assert_eq!(target(), identifier("orders", &order));
    let refused = client.patch(&of_order, &json!({"data": []})).expect(400).error();
    assert_eq!(refused["source"]["pointer"], "/data");
    client.patch(&route, &json!({"data": null})).expect(400);
    assert_eq!(target(), identifier("orders", &order));
    let second = post(client, &identifier("customers", &shop.customer)).expect(201).id();
    client.patch(&of_order, &many("attachments", &[&second])).expect(400);
    client.patch(&of_order, &many("attachments", &[&second, &attachment])).expect(204);
    let list = client.get(&of_order).expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let made = json!({
        "data": {"type": "customers", "attributes": {"name": "Birch"}, "relationships": {
            "attachments": many("attachments", &["a"]),
        }},
        "included": [
            {"type": "attachments", "id": "a", "relationships": {"file": one("files", "f")}},
            body(&Value::Null)["included"][0],
        ],
    });
    let made = client.post("/admin/api/customers", &made).expect(201).json();
    assert_eq!(made["data"]["relationships"]["attachments"]["data"].as_array().unwrap().len(), 1);
}

/// "filter[target.users]=1 (the part after the dot is the resource type)"
#[test]
fn attachments_are_found_by_their_target() {
    let shop = Shop::new();
    let client = shop.client();
    let order = order(&shop);
    let of_customer = post(client, &identifier("customers", &shop.customer)).expect(201).id();
    let of_order = post(client, &identifier("orders", &order)).expect(201).id();
    let found = |query: &str| -> Vec<String> {
        let list = client.get(&format!("/admin/api/{query}")).expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let customer = &shop.customer;
    assert_eq!(found(&format!("attachments?filter[target.customers]={customer}")), [of_customer.as_str()]);
    assert_eq!(found(&format!("attachments?filter[target.orders]=1..{order}")), [of_order.as_str()]);
    assert_eq!(found("attachments?filter[target.customers][exists]=no"), [of_order.as_str()]);
    assert_eq!(found("attachments?filter[target][customers][name]=Atlas"), [of_customer.as_str()]);
    assert_eq!(found(&format!("customers?filter[attachments]={of_customer}")), [customer.as_str()]);
    assert_eq!(found(&format!("orders?filter[attachments][gte]={of_order}&sort=-attachments")), [order.as_str()]);
    client.get("/admin/api/attachments?filter[target]=1").expect(400);
}

/// "No ON DELETE CASCADE between resources: the engine deletes parts, each with its own row."
#[test]
fn attachments_go_with_their_target_and_files_with_their_attachment() {
    let shop = Shop::new();
    let client = shop.client();
    let order = order(&shop);
    let made = post(client, &identifier("orders", &order)).expect(201).json();
    let attachment = made["data"]["id"].as_str().unwrap().to_owned();
    let file = made["data"]["relationships"]["file"]["data"]["id"].as_str().unwrap().to_owned();
    client.delete(&format!("/admin/api/orders/{order}")).expect(204);
    client.get(&format!("/admin/api/attachments/{attachment}")).expect(404);
    client.get(&format!("/admin/api/files/{file}")).expect(404);
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        resource: String,
    }
    let rows: Vec<Row> = shop.organization.write(|conn| {
        let query = "SELECT resource FROM change WHERE organization_id = $1 AND action = 'deleted' \
                     AND resource IN ('orders', 'attachments', 'files') ORDER BY resource";
        Ok(diesel::sql_query(query).bind::<diesel::sql_types::BigInt, _>(shop.organization.id()).load(conn)?)
    });
    let deleted: Vec<&str> = rows.iter().map(|row| row.resource.as_str()).collect();
    assert_eq!(deleted, ["attachments", "files", "orders"]);
}

/// A target that the reader may not view is null; a writer must see what is pointed at, and edit what is moved.
#[test]
fn rights_of_both_ends_count() {
    let shop = Shop::new();
    let attachment = post(shop.client(), &identifier("customers", &shop.customer)).expect(201).id();
    let all = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization"});
    let clerk = shop.organization.user_who_may(&json!({"attachments": all, "files": all}));
    let path = format!("/admin/api/attachments/{attachment}");
    let shown = clerk.client.get(&format!("{path}?include=target")).expect(200).json();
    assert_eq!(shown["data"]["relationships"]["target"]["data"], Value::Null);
    assert_eq!(shown["included"], json!([]));
    let list =
        clerk.client.get(&format!("/admin/api/attachments?filter[target.customers]={}", shop.customer)).expect(200);
    assert_eq!(list.json()["data"], json!([]));
    let error = post(&clerk.client, &identifier("customers", &shop.customer)).expect(403).error();
    assert_eq!(error["title"], "access granted constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/target/data");
    // Into a list comes only what the caller may edit.
    let seller = shop.organization.user_who_may(&json!({
        "customers": all, "attachments": {"VIEW": "organization"}, "files": {"VIEW": "organization"},
    }));
    let other = shop.create("customers", &json!({"name": "Birch"}), &json!({}));
    let of_other = format!("/admin/api/customers/{other}/relationships/attachments");
    seller.client.post(&of_other, &many("attachments", &[&attachment])).expect(403);
    seller.client.get(&of_other).expect(200);
}
