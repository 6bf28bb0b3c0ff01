//! Chunks of a batch: every good record is written, and of each bad one it is told what is wrong, at its place in the body.

use serde_json::{Value, json};

use crate::support::chunk::{all, id, told, told_error, write, write_as};
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

fn customer(name: &str) -> Value {
    json!({"type": "customers", "attributes": {"name": name}})
}

fn keyed(external: &str, name: &str) -> Value {
    json!({
        "type": "customers", "attributes": {"name": name, "externalId": external}, "meta": {"upsert": ["externalId"]},
    })
}

fn update(kind: &str, id: &str, attributes: &Value) -> Value {
    json!({"type": kind, "id": id, "attributes": attributes, "meta": {"update": true}})
}

fn data(items: &[Value]) -> Value {
    json!({"data": items})
}

/// The names of the organization's customers, sorted.
fn names(shop: &Shop) -> Vec<String> {
    let list = shop.client().get("/admin/api/customers?sort=name&page[size]=-1").expect(200).json();
    let name = |item: &Value| item["attributes"]["name"].as_str().unwrap().to_owned();
    list["data"].as_array().unwrap().iter().map(name).filter(|name| name != "Atlas").collect()
}

fn changes(shop: &Shop) -> i64 {
    use diesel::prelude::*;
    let id = shop.organization.id();
    let count = "SELECT count(*) AS count FROM change WHERE organization_id = $1";
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    shop.organization.write(|conn| {
        let query = diesel::sql_query(count).bind::<diesel::sql_types::BigInt, _>(id);
        Ok(query.get_result::<Count>(conn)?.count)
    })
}

/// "each item as in POST; `meta.update: true` marks an update (id required), `meta.upsert` an upsert"
#[test]
fn creates_updates_and_upserts() {
    let shop = Shop::new();
    let (old, found, new) = (shop.create("customers", &json!({"name": "old"}), &json!({})), unique("E"), unique("E"));
    write(&shop.organization, "customers", &data(&[keyed(&found, "found")]));
    let body = data(&[
        customer("created"),
        update("customers", &old, &json!({"name": "updated"})),
        keyed(&found, "found again"),
        keyed(&new, "new"),
        update("customers", &shop.customer, &json!({"name": "Atlas"})),
    ]);
    let written = write(&shop.organization, "customers", &body);
    assert_eq!(told(&written.primary), ["created", "updated", "updated", "created", "unchanged"]);
    assert_eq!(id(&written.primary[1]), old);
    assert_eq!(names(&shop), ["created", "found again", "new", "updated"]);
    let before = changes(&shop);
    let again = data(&[keyed(&found, "found again"), keyed(&new, "new")]);
    assert_eq!(told(&write(&shop.organization, "customers", &again).primary), ["unchanged", "unchanged"]);
    assert_eq!(changes(&shop), before);
}

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
fn products(products: Vec<(Value, Vec<Value>)>, brands: Vec<Value>) -> Value {
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

/// "rights checked in SQL": to a type as a whole, to a record that is there, to what a record becomes.
#[test]
fn rights() {
    let shop = Shop::new();
    let unit = shop.organization.unit(None);
    let level = json!({"customers": {"VIEW": "user", "CREATE": "user", "EDIT": "user", "ASSIGN": "user"}});
    let who = shop.organization.user(unit, &[&shop.organization.role(&level)]);
    let own = write_as(&shop.organization, &who, "customers", &data(&[customer("own")]));
    let own = id(&own.primary[0]);
    let mut given_away = customer("given away");
    given_away["relationships"] = json!({"owner": one("users", &shop.organization.admin.id.to_string())});
    let body = data(&[
        customer("good"),
        update("customers", &shop.customer, &json!({"name": "stolen"})),
        given_away,
        update("customers", &own, &json!({"name": "changed"})),
    ]);
    let written = write_as(&shop.organization, &who, "customers", &body);
    let [first, second, third, fourth] = &told(&written.primary)[..] else { panic!("four") };
    assert_eq!([first, fourth], ["created", "updated"]);
    assert_eq!(second, "/data/1 access-denied");
    assert!(third.starts_with("/data/2/relationships/owner/data"), "{third}");
    let groups = data(&[json!({"type": "customergroups", "attributes": {"name": "x"}})]);
    let told = told(&write_as(&shop.organization, &who, "customergroups", &groups).primary);
    assert_eq!(told, ["/data/0 access-denied"]);
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

/// Two organizations write the same keys, and neither sees the other's.
#[test]
fn two_organizations() {
    let (here, there) = (Shop::new(), Shop::new());
    let keys: Vec<String> = (0..20).map(|_| unique("E")).collect();
    let body = |name: &str| data(&keys.iter().map(|key| keyed(key, name)).collect::<Vec<_>>());
    for (shop, name) in [(&here, "here"), (&there, "there")] {
        let written = write(&shop.organization, "customers", &body(name));
        assert!(told(&written.primary).iter().all(|told| told == "created"));
    }
    assert_eq!(names(&here), ["here"; 20]);
    assert_eq!(names(&there), ["there"; 20]);
}

/// Chunks that upsert the same keys at the same time, in different orders: each record is there once, and each chunk ends
/// as if they had come one after the other.
#[test]
fn concurrent_chunks_on_the_same_keys() {
    let shop = Shop::new();
    let keys: Vec<String> = (0..50).map(|_| unique("E")).collect();
    let chunks: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (shop, keys) = (&shop, &keys);
                scope.spawn(move || {
                    let mut items: Vec<Value> = keys.iter().map(|key| keyed(key, &format!("by {n}"))).collect();
                    if n % 2 == 1 {
                        items.reverse();
                    }
                    told(&write(&shop.organization, "customers", &data(&items)).primary)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |what: &str| chunks.concat().iter().filter(|told| *told == what).count();
    assert_eq!((count("created"), count("updated")), (50, 150));
    let names = names(&shop);
    assert_eq!(names.len(), 50);
    assert!(names.iter().all(|name| *name == names[0]), "one chunk came last, as a whole: {names:?}");
}

/// An upsert whose other unique value belongs to another record is that record's error, and no reason to wait.
#[test]
fn an_upsert_that_takes_what_is_anothers() {
    let shop = Shop::new();
    let order = |identifier: &str, external: &str| {
        let line = format!("l{identifier}");
        (
            json!({
                "type": "orders", "id": identifier, "meta": {"upsert": ["identifier"]},
                "attributes": {"identifier": identifier, "externalId": external, "currency": "USD"},
                "relationships": {"customer": one("customers", &shop.customer), "lineItems": many("orderlineitems", &[&line])},
            }),
            vec![json!({
                "type": "orderlineitems", "id": line,
                "attributes": {"quantity": 1, "value": "1", "currency": "USD", "freeFormProduct": "Cord"},
                "relationships": {"productUnit": one("productunits", "item")},
            })],
        )
    };
    let external = unique("E");
    let body = products(vec![order("o1", &external), order("o2", "other"), order("o3", &external)], Vec::new());
    let told = told(&write(&shop.organization, "orders", &body).primary);
    assert_eq!(told, ["created", "created", "/data/2/attributes/externalId not-unique"]);
}

/// "Processed in order, one transaction: all or nothing"; "`data` list in request order"; pointers `/data/N/...`.
#[test]
fn all_or_nothing() {
    let shop = Shop::new();
    let mut items =
        vec![customer("a"), keyed(&unique("E"), "b"), update("customers", &shop.customer, &json!({"name": "Atlas"}))];
    items[0]["id"] = json!("label");
    let written = all(&shop.organization, "customers", &data(&items)).unwrap();
    let labels: Vec<Option<&str>> = written.records.iter().map(|record| record.label.as_deref()).collect();
    assert_eq!(labels, [Some("label"), None, Some(shop.customer.as_str())]);
    assert_eq!(written.records[2].key.to_string(), shop.customer);
    let bad = [customer("c"), customer(""), json!({"type": "customers", "attributes": {"name": "d", "no": 1}})];
    let errors = all(&shop.organization, "customers", &data(&bad)).unwrap_err();
    assert_eq!(
        errors.0.iter().map(told_error).collect::<Vec<_>>(),
        ["/data/1/attributes/name blank", "/data/2 unknown-member"]
    );
    let late = [customer("e"), update("customers", "987654321", &json!({}))];
    let errors = all(&shop.organization, "customers", &data(&late)).unwrap_err();
    assert_eq!(errors.0.iter().map(told_error).collect::<Vec<_>>(), ["/data/1 not-found"]);
    assert_eq!(names(&shop), ["a", "b"]);
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

/// "inventorylevels [productUnitPrecision], update only": found by what nobody can set, and never made.
#[test]
fn an_upsert_that_only_updates() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0), ("set", 0)]);
    let path = format!("/admin/api/products/{product}/relationships/unitPrecisions");
    let units = crate::support::rows::ids(&shop.client().get(&path).expect(200).json()["data"]);
    let level = |unit: i64, quantity: &str| {
        json!({
            "type": "inventorylevels", "meta": {"upsert": ["productUnitPrecision"]}, "attributes": {"quantity": quantity},
            "relationships": {"productUnitPrecision": one("productunitprecisions", &unit.to_string())},
        })
    };
    let body = data(&[level(units[0], "5"), level(987_654_321, "6"), level(units[1], "7.5")]);
    let written = write(&shop.organization, "inventorylevels", &body);
    assert_eq!(told(&written.primary), ["updated", "/data/1 action-not-allowed", "updated"]);
    let read = shop.client().get(&format!("/admin/api/inventorylevels/{}", id(&written.primary[2]))).expect(200).json();
    assert_eq!(read["data"]["attributes"]["quantity"], "7.5");
    assert_eq!(read["data"]["relationships"]["productUnitPrecision"]["data"]["id"], json!(units[1].to_string()));
}
