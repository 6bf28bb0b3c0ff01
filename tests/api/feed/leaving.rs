//! "A record that leaves a caller's view is a `deleted` for that caller", and one that enters it is new.

use serde_json::json;

use super::{Reader, told};
use crate::support::shop::{Shop, line, many, one};

/// The owner of a customer changes; each of the two sees their own customers.
#[test]
fn the_owner_changes() {
    let shop = Shop::new();
    let role = json!({"customers": {"VIEW": "user"}});
    let [before, after, other] = [(); 3].map(|()| shop.organization.user_who_may(&role));
    let owned = |id: i64| json!({"owner": one("users", &id.to_string())});
    let customer = shop.create("customers", &json!({"name": "B"}), &owned(before.id));
    let mut whole = Reader::from_the_oldest(shop.client());
    whole.until(2);
    let start = |client| Reader { cursor: whole.cursor.clone(), ..Reader::from_now(client) };
    let mut readers = [&before, &after, &other].map(|user| start(&user.client));
    let body = json!({"data": {"type": "customers", "id": customer, "relationships": owned(after.id)}});
    shop.client().patch(&format!("/admin/api/customers/{customer}"), &body).expect(200);
    let changes = start(shop.client()).changes_until(1);
    assert_eq!(told(&changes[0]), format!("updated customers {customer}"));
    let seen = readers.each_mut().map(|reader| reader.read()["data"].clone());
    assert_eq!(told(&seen[0][0]), format!("deleted customers {customer}"));
    assert_eq!(seen[0][0]["attributes"]["fields"], json!([]));
    assert_eq!(told(&seen[1][0]), format!("created customers {customer}"));
    assert_eq!(seen[2], json!([]));
    // The filter means the action that the caller is told.
    let mut left =
        Reader { cursor: whole.cursor.clone(), ..Reader::from_now(&before.client) }.with("&filter[action]=deleted");
    assert_eq!(left.until(1), [format!("deleted customers {customer}")]);
}

/// Parts go with the record they belong to: each leaves the view of the one and enters that of the other.
#[test]
fn the_parts_of_what_changes_its_owner() {
    let shop = Shop::new();
    let role = json!({"orders": {"VIEW": "user"}});
    let [before, after] = [(); 2].map(|()| shop.organization.user_who_may(&role));
    let owned = |id: i64| json!({"owner": one("users", &id.to_string())});
    let product = shop.product("A", &[("item", 0)]);
    let mut order = shop.order(&[line("1", &product, &json!(1), "1")]);
    order["data"]["relationships"]["owner"] = one("users", &before.id.to_string());
    let order = shop.client().post("/admin/api/orders", &order).expect(201).id();
    let mut old = Reader::from_the_oldest(&before.client);
    let created = old.until(2);
    let line = created.iter().find_map(|change| change.strip_prefix("created orderlineitems ")).unwrap().to_owned();
    let mut new = Reader { cursor: old.cursor.clone(), ..Reader::from_now(&after.client) };
    let body = json!({"data": {"type": "orders", "id": order, "relationships": owned(after.id)}});
    shop.client().patch(&format!("/admin/api/orders/{order}"), &body).expect(200);
    let sorted = |mut changes: Vec<String>| {
        changes.sort();
        changes
    };
    let gone = [format!("deleted orderlineitems {line}"), format!("deleted orders {order}")];
    assert_eq!(sorted(old.until(2)), gone);
    let come = [format!("created orderlineitems {line}"), format!("created orders {order}")];
    assert_eq!(sorted(new.until(2)), come);
}

/// A part that another record takes into its list has another owner.
#[test]
fn a_part_that_moves() {
    let shop = Shop::new();
    let role = json!({"customers": {"VIEW": "user"}});
    let [before, after] = [(); 2].map(|()| shop.organization.user_who_may(&role));
    let customer =
        |user: i64| shop.create("customers", &json!({"name": "B"}), &json!({"owner": one("users", &user.to_string())}));
    let (from, to) = (customer(before.id), customer(after.id));
    let attributes = json!({"street": "1", "city": "Berlin", "postalCode": "1", "organization": "B"});
    let relationships = json!({"customer": one("customers", &from), "country": one("countries", "DE")});
    let address = shop.create("customeraddresses", &attributes, &relationships);
    let mut old = Reader::from_the_oldest(&before.client).with("&filter[type]=customeraddresses");
    assert_eq!(old.until(1), [format!("created customeraddresses {address}")]);
    let mut new = Reader { cursor: old.cursor.clone(), ..Reader::from_now(&after.client) }
        .with("&filter[type]=customeraddresses");
    let take_in = |customer: &str| {
        let list = json!({"addresses": many("customeraddresses", &[&address])});
        let body = json!({"data": {"type": "customers", "id": customer, "relationships": list}});
        shop.client().patch(&format!("/admin/api/customers/{customer}"), &body).expect(200);
    };
    take_in(&to);
    assert_eq!(old.until(1), [format!("deleted customeraddresses {address}")]);
    assert_eq!(new.until(1), [format!("created customeraddresses {address}")]);
    take_in(&from);
    assert_eq!(old.until(1), [format!("created customeraddresses {address}")]);
    assert_eq!(new.until(1), [format!("deleted customeraddresses {address}")]);
}
