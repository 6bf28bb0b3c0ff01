//! "A caller sees only changes of records it may view, deletions included."

use serde_json::{Value, json};

use super::{CHANGES, Reader};
use crate::support::organization::{Organization, User};
use crate::support::shop::{Shop, line, many, one, try_create};

fn group(user: &User, name: &str) -> String {
    try_create(&user.client, "customergroups", &json!({"name": name}), &json!({})).expect(201).id()
}

fn viewer(level: &str) -> Value {
    json!({"customergroups": {"VIEW": level, "CREATE": level, "EDIT": level, "DELETE": level}})
}

/// Levels user, business unit, division and organization on what belongs to users.
#[test]
fn by_the_owner() {
    let organization = Organization::new();
    let below = organization.unit(Some(organization.first.business_unit));
    let role = |level: &str| organization.role(&viewer(level));
    let writers = role("organization");
    let [above, under, elsewhere] = [organization.first.business_unit, below, organization.unit(None)];
    let [first, second, third] = [above, under, elsewhere].map(|unit| organization.user(unit, &[&writers]));
    let readers = ["user", "business-unit", "division", "organization"]
        .map(|level| (level, organization.user(above, &[&role(level)])));
    let start = Reader::from_now(organization.client()).cursor;
    let ids = [&first, &second, &third].map(|user| group(user, &user.username));
    for (user, id) in [&first, &second, &third].into_iter().zip(&ids) {
        user.client.delete(&format!("/admin/api/customergroups/{id}")).expect(204);
    }
    let tell = |seen: &[usize]| -> Vec<String> {
        let of = |action: &'static str| seen.iter().map(move |index| (action, *index));
        of("created")
            .chain(of("deleted"))
            .map(|(action, index)| format!("{action} customergroups {}", ids[index]))
            .collect()
    };
    let mut whole = Reader { cursor: start.clone(), ..Reader::from_now(organization.client()) };
    assert_eq!(whole.until(6), tell(&[0, 1, 2]));
    for (level, reader) in readers {
        let seen = match level {
            "user" => tell(&[]),
            "business-unit" => tell(&[0]),
            "division" => tell(&[0, 1]),
            _ => tell(&[0, 1, 2]),
        };
        let mut reader = Reader { cursor: start.clone(), ..Reader::from_now(&reader.client) };
        let page = reader.read();
        let found: Vec<String> = page["data"].as_array().unwrap().iter().map(super::told).collect();
        assert_eq!(found, seen, "level {level}");
    }
}

/// The same on what belongs to business units; parts have their parent's.
#[test]
fn by_the_business_unit_and_through_the_parent() {
    let shop = Shop::new();
    let organization = &shop.organization;
    let other = organization.unit(None);
    let near = organization.user_who_may(&json!({"products": {"VIEW": "business-unit"}}));
    let far = organization.user(other, &[&organization.role(&json!({"products": {"VIEW": "business-unit"}}))]);
    let (mut near, mut far) = (Reader::from_now(&near.client), Reader::from_now(&far.client));
    let mut whole = Reader::from_the_opening(&shop).with("&filter[type]=products,productnames");
    let product = shop.product("A", &[("item", 0)]);
    whole.until(2);
    let mut seen: Vec<String> = near.read()["data"].as_array().unwrap().iter().map(super::told).collect();
    seen.sort();
    assert!(seen.contains(&format!("created products {product}")), "{seen:?}");
    assert!(seen.iter().any(|change| change.starts_with("created productnames")), "{seen:?}");
    assert_eq!(far.read()["data"], json!([]));
}

/// Of types that the caller has no VIEW on, nothing is told; who asks for them alone is refused.
#[test]
fn types_without_view() {
    let shop = Shop::new();
    let user = shop.organization.user_who_may(&json!({"customergroups": {"VIEW": "organization"}}));
    let mut reader = Reader::from_now(&user.client);
    shop.create("customers", &json!({"name": "B"}), &json!({}));
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    assert_eq!(reader.until(1), [format!("created customergroups {group}")]);
    let refused = user.client.get(&format!("{CHANGES}?filter[type]=customers")).expect(403);
    assert_eq!(refused.error()["title"], "access denied exception");
    let both = user.client.get(&format!("{CHANGES}?filter[type]=customers,customergroups")).expect(200);
    assert_eq!(both.json()["data"].as_array().unwrap().len(), 1);
}

/// Who made a change is told to those who may view that user; included records carry the caller's rights.
#[test]
fn who_is_told_as_far_as_it_may_be_viewed() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let orders = json!({"orders": {"VIEW": "organization"}});
    let user = shop.organization.user_who_may(&orders);
    let mut reader = Reader::from_now(&user.client).with("&include=resource&filter[type]=orders");
    shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201);
    Reader { cursor: reader.cursor.clone(), ..Reader::from_now(&user.client) }.with("&filter[type]=orders").until(1);
    let page = reader.read();
    assert_eq!(page["data"][0]["relationships"]["user"]["data"], Value::Null);
    let order = &page["included"][0];
    assert_eq!(order["type"], "orders");
    assert_eq!(order["relationships"]["customer"]["data"], Value::Null, "the customer is hidden from the caller");
}

/// Another organization's changes are nobody else's.
#[test]
fn organizations_do_not_see_each_other() {
    let (one, other) = (Organization::new(), Organization::new());
    let (mut mine, mut theirs) = (Reader::from_now(one.client()), Reader::from_now(other.client()));
    let customer = one.customer(None);
    assert_eq!(mine.until(1), [format!("created customers {customer}")]);
    assert_eq!(theirs.read()["data"], json!([]));
    let positions = mine.client.get(&format!("{CHANGES}?page[after]=")).expect(200).json();
    assert_eq!(positions["data"][0]["id"], "1", "each organization counts for itself");
}

/// Linking counts as a change of both ends, seen by each one's owner.
#[test]
fn both_ends_of_a_link_have_their_owners() {
    let shop = Shop::new();
    let owner = shop.organization.user_who_may(&json!({"customers": {"VIEW": "user"}}));
    let child = shop.create("customers", &json!({"name": "B"}), &json!({"owner": one("users", &owner.id.to_string())}));
    let mut reader = Reader::from_now(&owner.client);
    reader.read();
    let children = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    shop.client().patch(&children, &many("customers", &[&child])).expect(204);
    let mut whole = Reader::from_the_oldest(shop.client()).with("&filter[action]=updated");
    whole.until(2);
    let seen = reader.read();
    let seen: Vec<String> = seen["data"].as_array().unwrap().iter().map(super::told).collect();
    assert!(seen.contains(&format!("updated customers {child}")), "{seen:?}");
    assert!(!seen.contains(&format!("updated customers {}", shop.customer)), "{seen:?}");
}
