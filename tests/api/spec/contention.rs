//! Requests that want the same records at the same time, in every order: each is done, as if one after the other.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::organization::unique;
use crate::support::shop::{Shop, line, many, one};

/// Runs `work` on eight threads at once; what each gave.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                scope.spawn({
                    let work = &work;
                    move || work(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn upserted(label: &str, external: &str) -> Value {
    json!({
        "type": "customers", "id": label, "attributes": {"name": label, "externalId": external}, "meta": {"upsert": ["externalId"]},
        "relationships": {"parent": one("customers", "self")},
    })
}

/// Two keys that are upserted in both orders, first as new ones and then as old ones.
#[test]
fn keys_in_crossing_order() {
    let shop = Shop::new();
    for _ in 0..4 {
        let (x, y) = (unique("X"), unique("Y"));
        for _ in 0..2 {
            let answers = together(|index| {
                let mut included = vec![upserted("x", &x), upserted("y", &y)];
                if index % 2 == 1 {
                    included.reverse();
                }
                let body = json!({
                    "data": {"type": "customers", "id": "self", "attributes": {"name": "Self"}},
                    "included": included,
                });
                shop.client().post("/admin/api/customers", &body)
            });
            for answer in answers {
                answer.expect(201);
            }
        }
        for external in [x, y] {
            let found = shop.client().get(&format!("/admin/api/customers?filter[externalId]={external}")).expect(200);
            assert_eq!(found.json()["data"].as_array().unwrap().len(), 1);
        }
    }
}

/// Records that are changed and moved between two lists in both orders stay in one of them.
#[test]
fn records_that_are_moved_to_and_fro() {
    let shop = Shop::new();
    let [left, right, a, b] =
        ["L", "R", "A", "B"].map(|name| shop.create("customers", &json!({"name": name}), &json!({})));
    let answers = together(|index| {
        let (parent, list) = if index % 2 == 0 { (&left, [&a, &b]) } else { (&right, [&b, &a]) };
        let path = format!("/admin/api/customers/{parent}/relationships/children");
        let body = many("customers", &list.map(String::as_str)).to_string();
        shop.client()
            .send(Method::POST, &path, |request| request.header("Content-Type", "application/vnd.api+json").body(body))
    });
    for answer in answers {
        answer.expect(204);
    }
    let children = |parent: &str| {
        let list = shop.client().get(&format!("/admin/api/customers/{parent}/children")).expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(children(&left) + children(&right), 2);
}

/// Records that are deleted while others change and link them: 404 or done, never a fault.
#[test]
fn deleting_what_others_change() {
    let shop = Shop::new();
    for _ in 0..6 {
        let group = shop.create("customergroups", &json!({"name": unique("G")}), &json!({}));
        let item = format!("/admin/api/customergroups/{group}");
        let answers = together(|index| match index % 4 {
            0 => shop.client().delete(&item),
            1 => shop.change("customergroups", &group, &json!({"name": unique("H")})),
            2 => shop.try_create("customers", &json!({"name": "A"}), &json!({"group": one("customergroups", &group)})),
            _ => shop.client().get(&item),
        });
        for answer in answers {
            assert!([200, 201, 204, 400, 403, 404].contains(&answer.status), "{} {}", answer.status, answer.text);
        }
    }
}

/// Trees that two requests would close to a circle, each one half: at most one of them is done.
#[test]
fn halves_of_a_circle() {
    let shop = Shop::new();
    for _ in 0..6 {
        let [a, b] = ["A", "B"].map(|name| shop.create("customers", &json!({"name": name}), &json!({})));
        let answers = together(|index| {
            let (child, parent) = if index % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let path = format!("/admin/api/customers/{child}/relationships/parent");
            shop.client().patch(&path, &one("customers", parent)).status
        });
        assert!(answers.iter().all(|status| [204, 400].contains(status)), "{answers:?}");
        let parent = |id: &str| {
            let customer = shop.client().get(&format!("/admin/api/customers/{id}")).expect(200).json();
            customer["data"]["relationships"]["parent"]["data"].clone()
        };
        assert!(parent(&a).is_null() || parent(&b).is_null(), "a circle of two");
    }
}

/// The primary unit is one of the product's units, whoever replaces what at the same time.
#[test]
fn one_product_pushed_by_many() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let path = format!("/admin/api/products/{product}");
    let answers = together(|index| {
        let unit = ["item", "kg", "set", "piece"][index % 4];
        let body = json!({
            "data": {
                "type": "products", "id": product,
                "relationships": {
                    "unitPrecisions": many("productunitprecisions", &["u"]),
                    "primaryUnitPrecision": one("productunitprecisions", "u"),
                    "names": many("productnames", &["n"]),
                },
            },
            "included": [
                {
                    "type": "productunitprecisions", "id": "u", "attributes": {"precision": 0, "conversionRate": 1, "sell": true},
                    "relationships": {"unit": one("productunits", unit)},
                },
                {"type": "productnames", "id": "n", "attributes": {"string": unit}},
            ],
        });
        shop.client().patch(&path, &body)
    });
    for answer in answers {
        answer.expect(200);
    }
    let after = shop.client().get(&format!("{path}?include=unitPrecisions,names")).expect(200).json();
    let of = &after["data"]["relationships"];
    assert_eq!(of["unitPrecisions"]["data"], json!([of["primaryUnitPrecision"]["data"]]));
    assert_eq!(of["names"]["data"].as_array().unwrap().len(), 1);
}

/// The change rows that tell of deleted records of a kind, of an order and its lines.
fn deletions(shop: &Shop, kind: &str, order: &Value) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let lines = order["relationships"]["lineItems"]["data"].as_array().unwrap();
    let named = lines.iter().chain([order]).filter(|record| record["type"] == kind);
    let ids: Vec<String> = named.map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    let organization = shop.organization.id();
    let found: Count = shop.organization.write(|conn| {
        let rows = diesel::sql_query(
            "SELECT count(*) AS count FROM change WHERE organization_id = $1 AND resource = $2 AND record_id = ANY($3) \
             AND action = 'deleted'",
        );
        Ok(rows.bind::<BigInt, _>(organization).bind::<Text, _>(kind).bind::<Array<Text>, _>(&ids).get_result(conn)?)
    });
    found.count
}

/// Eight requests delete one order: one does, the others find it gone, and each record is recorded as deleted once.
#[test]
fn a_record_is_deleted_once() {
    let shop = Shop::new();
    let product = shop.product("GONE", &[("item", 0)]);
    for _ in 0..4 {
        let parts = [line("a", &product, &json!(1), "1"), line("b", &product, &json!(2), "1")];
        let order = &shop.try_order(&parts).expect(201).json()["data"];
        let id = order["id"].as_str().unwrap().to_owned();
        let mut statuses = together(|_| shop.client().delete(&format!("/admin/api/orders/{id}")).status);
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404]);
        for (kind, count) in [("orders", 1), ("orderlineitems", 2)] {
            assert_eq!(deletions(&shop, kind, order), count, "{kind}");
        }
    }
}

/// An order and its lines are changed at once, from either end: nobody waits for a deadlock to be found.
#[test]
fn an_order_and_its_lines_are_changed_at_once() {
    let shop = Shop::new();
    let product = shop.product("BUSY", &[("item", 0)]);
    let parts = [line("a", &product, &json!(1), "1"), line("b", &product, &json!(1), "1")];
    let order = &shop.try_order(&parts).expect(201).json()["data"];
    let id = order["id"].as_str().unwrap();
    let lines = order["relationships"]["lineItems"]["data"].as_array().unwrap();
    for round in 0..4 {
        let statuses = together(|index| {
            let line = lines[index % 2]["id"].as_str().unwrap();
            let change = json!({"type": "orderlineitems", "id": line, "attributes": {"quantity": round + index + 1}});
            if index < 4 {
                return shop.change("orderlineitems", line, &change["attributes"]).status;
            }
            let mut included = change;
            included["meta"] = json!({"update": true});
            included["relationships"] = json!({"orders": many("orders", &[id])});
            let data = json!({"type": "orders", "id": id, "attributes": {"poNumber": format!("{round}-{index}")}});
            shop.client()
                .patch(&format!("/admin/api/orders/{id}"), &json!({"data": data, "included": [included]}))
                .status
        });
        assert_eq!(statuses, [200; 8]);
    }
}

/// Two objects of one request that upsert one key are a mistake of the request, not a lost race.
#[test]
fn one_key_twice_in_a_request() {
    let shop = Shop::new();
    let key = unique("twice");
    for _ in 0..2 {
        let body = json!({
            "data": {"type": "customers", "id": "self", "attributes": {"name": "Self"}},
            "included": [upserted("x", &key), upserted("y", &key)],
        });
        let error = shop.client().post("/admin/api/customers", &body).expect(400).error();
        assert_eq!(error["detail"], "The item duplicates the item with the index 0");
        assert_eq!(error["source"]["pointer"], "/included/1");
        let single = json!({"data": {"type": "customers", "meta": {"upsert": ["externalId"]}, "attributes": {"name": "S", "externalId": key}}});
        shop.client().post("/admin/api/customers", &single);
    }
}
