//! Bad records among good ones: each has its own error, at its place, and leaves no trace.

use serde_json::{Value, json};

use super::{changes, customer, data, keyed, names, update};
use crate::support::chunk::{told, write};
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

/// "a failed item does not undo others": what is seen in the form, in the values, in the database before the write, and
/// by the rules.
#[test]
fn bad_records_among_good_ones() {
    let shop = Shop::new();
    let taken = unique("E");
    write(&shop.organization, "customers", &data(&[keyed(&taken, "taken")]));
    let foreign = Shop::new().customer;
    let parent = |id: &str| json!({"parent": one("customers", id)});
    let mut items: Vec<Value> = (0..14).map(|n| customer(&format!("good {n:02}"))).collect();
    items[1] = json!("no object");
    items[2] = json!({"type": "orders"});
    items[3] = json!({"type": "customers", "attributes": {"name": {"no": "text"}}});
    items[4] = json!({"type": "customers", "attributes": {"name": "a", "nothing": 1}});
    items[5] = json!({"type": "customers", "attributes": {}});
    items[6]["relationships"] = parent(&foreign);
    items[7] = update("customers", &foreign, &json!({"name": "b"}));
    items[8] = json!({"type": "customers", "attributes": {"name": "c", "externalId": taken}});
    items[9] = update("customers", &shop.customer, &json!({}));
    items[9]["relationships"] = parent(&shop.customer);
    items[10] = json!({"type": "customers", "attributes": {"name": "d"}, "meta": {"upsert": ["name"]}});
    items[11] = json!({"type": "customers", "attributes": {"name": "e"}, "meta": {"update": true}});
    items[12] = json!({"type": "customers", "attributes": {"name": "f"}, "meta": {"validate": true}});
    let before = changes(&shop);
    let written = write(&shop.organization, "customers", &data(&items));
    assert_eq!(
        told(&written.primary),
        [
            "created",
            "/data/1 request-data",
            "/data/2/type wrong-type",
            "/data/3/attributes/name invalid-value",
            "/data/4 unknown-member",
            "/data/5/attributes/name blank",
            "/data/6/relationships/parent/data no-such-related-entity",
            "/data/7 not-found",
            "/data/8/attributes/externalId not-unique",
            "/data/9/relationships/parent/data invalid-value",
            "/data/10/meta/upsert value",
            "/data/11/id request-data",
            "/data/12/meta/validate value",
            "created",
        ]
    );
    assert_eq!(names(&shop), ["good 00", "good 13", "taken"]);
    assert_eq!(changes(&shop), before + 2, "a failed record leaves no trace");
}

/// Of records that mean the same, the first is written, and each of the others has its own error.
#[test]
fn duplicates_in_a_chunk() {
    let shop = Shop::new();
    let (external, key) = (unique("E"), unique("K"));
    let named = |name: &str| json!({"type": "customers", "attributes": {"name": name, "externalId": external}});
    let body = data(&[
        named("first"),
        named("second"),
        keyed(&key, "third"),
        keyed(&key, "fourth"),
        update("customers", &shop.customer, &json!({"name": "Atlas 2"})),
        update("customers", &shop.customer, &json!({"name": "Atlas 3"})),
        named("fifth"),
    ]);
    let told = told(&write(&shop.organization, "customers", &body).primary);
    assert_eq!(told[0], "created");
    assert_eq!(told[1], "/data/1/attributes/externalId not-unique");
    assert_eq!(told[2..4], ["created", "/data/3 request-data"]);
    assert_eq!(told[5], "/data/5 request-data");
    assert_eq!(told[6], "/data/6/attributes/externalId not-unique");
}

/// What only the database sees is found by halves: a check of the table, a number that does not fit.
#[test]
fn what_only_the_database_sees() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let units = ["each", "set", "piece", "kg", "hour"];
    let precision = |unit: &str, precision: i64| {
        json!({
            "type": "productunitprecisions", "attributes": {"precision": precision},
            "relationships": {"product": one("products", &product), "unit": one("productunits", unit)},
        })
    };
    let mut items: Vec<Value> = units.iter().map(|unit| precision(unit, 2)).collect();
    items[1] = precision("set", 11);
    items[3] = precision("kg", -1);
    let written = write(&shop.organization, "productunitprecisions", &data(&items));
    let place = |n: usize| format!("/data/{n}/attributes/precision invalid-value");
    assert_eq!(
        told(&written.primary),
        ["created".to_owned(), place(1), "created".to_owned(), place(3), "created".to_owned()]
    );
}

/// Rules refuse single records of a chunk before and after they are written.
#[test]
fn rules_refuse_single_records() {
    let shop = Shop::new();
    let (list, item) = (shop.price_list(&["USD"]), shop.product(&unique("sku"), &[("item", 0)]));
    let price = |quantity: i64, currency: &str, value: &str| {
        json!({
            "type": "productprices", "attributes": {"quantity": quantity, "value": value, "currency": currency},
            "relationships": {
                "priceList": one("pricelists", &list), "product": one("products", &item), "unit": one("productunits", "item"),
            },
            "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
        })
    };
    let body = data(&[price(1, "USD", "1"), price(2, "EUR", "1"), price(3, "USD", "-1"), price(4, "USD", "4")]);
    let written = told(&write(&shop.organization, "productprices", &body).primary);
    assert_eq!(written[0], "created");
    assert!(written[1].starts_with("/data/1/attributes/currency "), "{}", written[1]);
    assert_eq!(written[2..], ["/data/2/attributes/value out-of-range", "created"]);
    // The title without a localization is looked for when all titles are written.
    let category = |label: &str, title: &str| {
        json!({
            "type": "categories", "id": label,
            "relationships": {"titles": many("categorytitles", &[title])},
        })
    };
    let localization = shop.client().get("/admin/api/localizations").expect(200).json()["data"][0]["id"].clone();
    let localized = json!({
        "type": "categorytitles", "id": "t2", "attributes": {"string": "b"},
        "relationships": {"localization": one("localizations", localization.as_str().unwrap())},
    });
    let title = |label: &str| json!({"type": "categorytitles", "id": label, "attributes": {"string": label}});
    let body = json!({
        "data": [category("1", "t1"), category("2", "t2"), category("3", "t3")],
        "included": [title("t1"), localized, title("t3")],
    });
    let written = told(&write(&shop.organization, "categories", &body).primary);
    assert_eq!(written, ["created", "/data/1/relationships/titles/data blank", "created"]);
}

/// What is no fault of a record ends the chunk as a whole, to be tried again later.
#[test]
fn what_concerns_all() {
    use crate::support::chunk::{caller, chunk};
    use diesel::RunQueryDsl;
    use entrepot::engine::write::chunk::write_chunk;
    use entrepot::engine::write::{Context, Nobody};
    use entrepot::error::{CONTENTION, Errors};
    let shop = Shop::new();
    let caller = caller(&shop.organization, &shop.organization.admin);
    let cost = entrepot::auth::password::Cost { memory_kib: 64, iterations: 1 };
    let renamed = update("customers", &shop.customer, &json!({"name": "Renamed"}));
    let chunk = chunk("customers", &data(&[customer("a"), renamed]));
    let sql = format!("SELECT id FROM customer WHERE id = {} FOR UPDATE", shop.customer);
    // Somebody else holds the second record.
    let result: Result<(), Errors> = shop.organization.write(|conn| {
        diesel::sql_query(&sql).execute(conn)?;
        Ok(shop.organization.server.db.transaction_now(|conn| {
            diesel::sql_query("SET LOCAL lock_timeout TO 20").execute(conn)?;
            let switches = Default::default();
            let context = Context {
                caller: &caller,
                now: chrono::Utc::now(),
                switches: &switches,
                passwords: &cost,
                server: &Nobody,
                observer: &Nobody,
            };
            write_chunk(conn, context, &chunk).map(drop)
        }))
    });
    assert_eq!(result.unwrap_err().0[0].code, &CONTENTION);
    assert!(names(&shop).is_empty());
}
