//! Creates, updates and upserts of one chunk; all of them or none; with what rights.

use serde_json::json;

use super::{changes, customer, data, keyed, names, update};
use crate::support::chunk::{all, id, told, told_error, write, write_as};
use crate::support::organization::unique;
use crate::support::shop::{Shop, one};

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
