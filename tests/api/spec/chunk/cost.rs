//! What bad records cost the others: they are taken out where they are seen, and nothing is done twice for the rest.

use std::collections::BTreeSet;

use chrono::Utc;
use entrepot::auth::password::Cost;
use entrepot::db::Db;
use entrepot::engine::write::chunk::write_chunk;
use entrepot::engine::write::{Context, Nobody};
use entrepot::error::Errors;
use serde_json::{Value, json};

use super::{customer, data, keyed, update};
use crate::support::chunk::{Lent, caller, chunk, told, write};
use crate::support::database;
use crate::support::organization::{User, unique};
use crate::support::server;
use crate::support::shop::{Shop, one};

/// Writes a chunk: what became of its records, and how many statements that took.
fn measure(shop: &Shop, user: &User, kind: &str, items: &[Value]) -> (Vec<String>, u64) {
    let db = Db::connect(database::shared(), &server::config("").database, 0).unwrap();
    let (caller, chunk) = (caller(&shop.organization, user), chunk(kind, &data(items)));
    let cost = Cost { memory_kib: 64, iterations: 1 };
    let before = db.statements();
    let work = |conn: &mut _| {
        let (switches, now) = (BTreeSet::new(), Utc::now());
        let context =
            Context { caller: &caller, now, switches: &switches, passwords: &cost, server: &Lent, observer: &Nobody };
        write_chunk(conn, context, &chunk)
    };
    let written = db.transaction_now::<_, Errors>(work).unwrap();
    (told(&written.primary), db.statements() - before)
}

/// "One bad record in each 1,000 (unknown reference, duplicate, wrong type, no right) costs at most 20 %": no statement
/// more than the same chunk without it. A rule that has refused one looks at the others again: that is its own two.
#[test]
fn a_bad_record_costs_no_statement() {
    let shop = Shop::new();
    let (list, other) = (shop.price_list(&["USD"]), shop.price_list(&["USD"]));
    let products: Vec<String> = (0..6).map(|_| shop.product(&unique("sku"), &[("item", 0)])).collect();
    let price = |list: &str, product: &str, value: &str| {
        json!({
            "type": "productprices", "attributes": {"quantity": 1, "value": value, "currency": "USD"},
            "relationships": {
                "priceList": one("pricelists", list), "product": one("products", product), "unit": one("productunits", "item"),
            },
            "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
        })
    };
    let admin = &shop.organization.admin;
    let good = |list: &str| -> Vec<Value> { products.iter().map(|product| price(list, product, "5")).collect() };
    measure(&shop, admin, "productprices", &good(&shop.price_list(&["USD"])));
    let (written, statements) = measure(&shop, admin, "productprices", &good(&list));
    assert_eq!(written, ["created"; 6]);
    let bad = [
        (
            "an unknown reference",
            price(&other, "987654321", "5"),
            "/data/6/relationships/product/data no-such-related-entity",
        ),
        ("a duplicate", price(&other, &products[1], "6"), "/data/6 request-data"),
        ("a wrong type", price(&other, &products[1], "dear"), "/data/6/attributes/value invalid-value"),
        ("a rule", price(&other, &products[1], "-1"), "/data/6/attributes/value out-of-range"),
    ];
    for (n, (what, record, error)) in bad.into_iter().enumerate() {
        let list = shop.price_list(&["USD"]);
        let mut items = good(&list);
        let mut record = record;
        record["attributes"]["quantity"] = json!(if n == 1 { 1 } else { 2 });
        record["relationships"]["priceList"] = one("pricelists", &list);
        items.push(record);
        let (written, with_bad) = measure(&shop, admin, "productprices", &items);
        assert_eq!(written[..6], ["created"; 6], "{what}");
        assert_eq!(written[6], error, "{what}");
        let again = if what == "a rule" { 2 } else { 0 };
        assert!(with_bad <= statements + again, "{what}: {with_bad} statements, not {statements}");
    }
}

/// "no right": to a record that is there, to what a record is created as, to what it becomes.
#[test]
fn a_missing_right_costs_no_statement() {
    let shop = Shop::new();
    let unit = shop.organization.unit(None);
    let level = json!({"customers": {"VIEW": "user", "CREATE": "user", "EDIT": "user", "ASSIGN": "user"}});
    let who = shop.organization.user(unit, &[&shop.organization.role(&level)]);
    let foreign = unique("E");
    write(&shop.organization, "customers", &data(&[keyed(&foreign, "foreign")]));
    let own: Vec<String> = (0..3).map(|_| unique("E")).collect();
    let good = |name: &str| -> Vec<Value> {
        own.iter().map(|key| keyed(key, name)).chain([customer("new"), customer("new too")]).collect()
    };
    measure(&shop, &who, "customers", &good("first"));
    let (written, statements) = measure(&shop, &who, "customers", &good("second"));
    assert_eq!(written, ["updated", "updated", "updated", "created", "created"]);
    let admin = one("users", &shop.organization.admin.id.to_string());
    let mut given_away = customer("given away");
    given_away["relationships"] = json!({"owner": admin.clone()});
    let mut moved = keyed(&own[0], "moved");
    moved["relationships"] = json!({"owner": admin});
    let stolen = keyed(&foreign, "stolen");
    let renamed = update("customers", &shop.customer, &json!({"name": "stolen"}));
    for (n, record) in [stolen, renamed, given_away, moved].into_iter().enumerate() {
        let mut items = good(&format!("round {n}"));
        let count = items.len();
        items.push(record);
        if n == 3 {
            items.remove(0);
        }
        let (written, with_bad) = measure(&shop, &who, "customers", &items);
        let failed: Vec<&String> = written.iter().filter(|told| told.starts_with('/')).collect();
        assert_eq!(failed.len(), 1, "{written:?}");
        // What is updated by id, or given to somebody else, is asked for by a statement of its own.
        assert!(with_bad <= statements + 2, "{failed:?} among {count}: {with_bad} statements, not {statements}");
    }
}
