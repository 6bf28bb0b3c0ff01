//! Pages of changes: what they tell, and how a poller goes on.

use serde_json::{Value, json};

use super::{CHANGES, Reader, cursor_of, told};
use crate::support::organization::Organization;
use crate::support::shop::Shop;

/// "resource type, id, action (created, updated, deleted), changed field names, time, who"
#[test]
fn what_happened_to_what_when_and_by_whom() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_opening(&shop);
    let group = shop.create("customergroups", &json!({"name": "Wholesale"}), &json!({}));
    shop.change("customergroups", &group, &json!({"name": "Retail"})).expect(200);
    shop.client().delete(&format!("/admin/api/customergroups/{group}")).expect(204);
    let changes = reader.changes_until(3);
    let expected = [
        format!("created customergroups {group}"),
        format!("updated customergroups {group}"),
        format!("deleted customergroups {group}"),
    ];
    assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), expected);
    let admin = &shop.organization.admin;
    for change in &changes {
        assert_eq!(change["type"], "changes");
        assert_eq!(change["attributes"]["client"], admin.client_id.as_str());
        assert_eq!(change["relationships"]["user"]["data"], json!({"type": "users", "id": admin.id.to_string()}));
        let at = change["attributes"]["changedAt"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");
    }
    let linked = json!({"type": "customergroups", "id": group});
    assert_eq!(changes[0]["relationships"]["resource"]["data"], linked);
    assert_eq!(changes[2]["relationships"]["resource"]["data"], Value::Null);
    assert!(changes[1]["attributes"]["fields"].as_array().unwrap().contains(&json!("name")), "{}", changes[1]);
    assert_eq!(changes[2]["attributes"]["fields"], json!([]));
}

/// "`page[after]=` empty begins at the oldest retained"; "`links.next` always carries a cursor even on an empty page so
/// that a poller can go on".
#[test]
fn a_poller_goes_on_from_an_empty_page() {
    let shop = Shop::new();
    let mut all = Reader::from_the_oldest(shop.client());
    assert_eq!(all.until(1), [format!("created customers {}", shop.customer)]);
    let empty = all.read();
    assert_eq!(empty["data"], json!([]));
    assert_eq!(empty["meta"]["page"]["more"], false);
    assert_eq!(cursor_of(&empty["links"]["next"]), empty["meta"]["page"]["cursor"].as_str().unwrap());
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    assert_eq!(all.until(1), [format!("created customergroups {group}")]);
}

/// An organization without any change has a feed too.
#[test]
fn nothing_has_happened_yet() {
    let organization = Organization::new();
    let mut reader = Reader::from_now(organization.client());
    assert_eq!(reader.read()["data"], json!([]));
    let customer = organization.customer(None);
    assert_eq!(reader.until(1), [format!("created customers {customer}")]);
}

/// Each page goes on where the one before it ended, whatever its size; each change has a cursor of its own.
#[test]
fn pages_neither_repeat_nor_skip() {
    let shop = Shop::new();
    let start = Reader::from_the_opening(&shop);
    let ids: Vec<String> =
        (0..7).map(|number| shop.create("customergroups", &json!({"name": number.to_string()}), &json!({}))).collect();
    let expected: Vec<String> = ids.iter().map(|id| format!("created customergroups {id}")).collect();
    Reader { cursor: start.cursor.clone(), ..Reader::from_now(shop.client()) }.until(7);
    for size in [1, 2, 3, 7, 1000] {
        let mut reader = Reader { cursor: start.cursor.clone(), ..Reader::from_now(shop.client()) };
        reader.query = format!("&page[size]={size}");
        let mut found = Vec::new();
        loop {
            let page = reader.read();
            let list = page["data"].as_array().unwrap().clone();
            assert!(list.len() <= size);
            found.extend(list);
            if page["meta"]["page"]["more"] == false {
                break;
            }
        }
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected);
        let mut middle = Reader { cursor: found[3]["meta"]["page"]["cursor"].as_str().unwrap().to_owned(), ..reader };
        assert_eq!(middle.changes_until(3).iter().map(told).collect::<Vec<_>>(), expected[4..]);
    }
}

/// "optional `include=resource` for the current document": of each type, shown as in any answer, with `fields`.
#[test]
fn the_records_as_they_are_now() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_opening(&shop).with("&include=resource&fields[customergroups]=name");
    let group = shop.create("customergroups", &json!({"name": "Wholesale"}), &json!({}));
    let product = shop.product("A", &[("item", 0)]);
    let gone = shop.create("customergroups", &json!({"name": "Gone"}), &json!({}));
    shop.client().delete(&format!("/admin/api/customergroups/{gone}")).expect(204);
    Reader { cursor: reader.cursor.clone(), ..Reader::from_now(shop.client()) }.until(7);
    let page = reader.read();
    let included = page["included"].as_array().unwrap();
    let find = |kind: &str, id: &str| included.iter().find(|record| record["type"] == kind && record["id"] == id);
    assert_eq!(find("customergroups", &group).unwrap()["attributes"], json!({"name": "Wholesale"}));
    assert!(find("customergroups", &group).unwrap()["relationships"].is_null());
    let mut alone = shop.client().get(&format!("/admin/api/products/{product}")).expect(200).json()["data"].clone();
    alone.as_object_mut().unwrap().remove("meta");
    assert_eq!(find("products", &product).unwrap(), &alone);
    assert!(find("customergroups", &gone).is_none());
    assert_eq!(included.len(), 5, "the group, the product, its name, its unit and its stock: {included:#?}");
}

/// Without `include` there is no member `included`; `fields[changes]` narrows the changes.
#[test]
fn only_what_is_asked_for() {
    let shop = Shop::new();
    let page = Reader::from_the_oldest(shop.client()).with("&fields[changes]=action").changes_until(1);
    assert_eq!(page[0]["attributes"], json!({"action": "created"}));
    assert!(page[0]["relationships"].is_null());
    let plain = shop.client().get(&format!("{CHANGES}?page[after]=")).expect(200).json();
    assert!(plain["included"].is_null());
    assert_eq!(plain["jsonapi"]["version"], "1.1");
}
