//! The feed as an adversary reads it: each test is named by what it tries.

use std::collections::BTreeSet;

use entrepot::engine::field::Access;
use entrepot::feed::cursor;
use entrepot::http::changes::is_told;
use entrepot::resources::ALL;
use serde_json::{Value, json};

use super::events::{Stream, token_of};
use super::{CHANGES, Reader, cursor_of, told};
use crate::support::organization::{Organization, customer_user_permissions};
use crate::support::shop::{Shop, line, one, try_create};

/// Rows twice: by a type that is named twice.
#[test]
fn a_type_named_twice_tells_nothing_twice() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_opening(&shop).with("&filter[type]=customergroups,customergroups");
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    assert_eq!(reader.until(1), [format!("created customergroups {group}")]);
}

/// Rows missed: of a type that the feed does not know to be visible. Whoever may view everything follows everything that
/// can be written.
#[test]
fn no_type_is_invisible_to_the_administrator() {
    let organization = Organization::new();
    let blind = |name: &str| organization.client().get(&format!("{CHANGES}?filter[type]={name}")).status != 200;
    let missed: Vec<&str> = ALL
        .iter()
        .filter(|resource| is_told(resource))
        .map(|resource| resource.name)
        .filter(|name| blind(name))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// Rows missed: changes that customers make in the storefront belong to the same owners as those made in the back office.
#[test]
fn what_the_storefront_writes_is_told_to_its_owner() {
    let shop = Shop::new();
    let organization = &shop.organization;
    let [owner, other] = [(); 2].map(|()| organization.user_who_may(&json!({"customers": {"VIEW": "user"}})));
    let owned = json!({"owner": one("users", &owner.id.to_string())});
    let customer = shop.create("customers", &json!({"name": "B"}), &owned);
    let buyer = organization.customer_user(customer.parse().unwrap(), &customer_user_permissions("division"));
    let [mut mine, mut theirs] = [&owner, &other].map(|user| Reader::from_now(&user.client));
    let body = json!({"data": {
        "type": "customeraddresses",
        "attributes": {"street": "1", "city": "Berlin", "postalCode": "1", "organization": "B"},
        "relationships": {"customer": one("customers", &customer), "country": one("countries", "DE")},
    }});
    let address = buyer.client.post("/api/customeraddresses", &body).expect(201).id();
    let path = format!("/api/customeraddresses/{address}");
    let body = json!({"data": {"type": "customeraddresses", "id": address, "attributes": {"street": "2"}}});
    buyer.client.patch(&path, &body).expect(200);
    buyer.client.delete(&path).expect(204);
    let mut whole = Reader { cursor: mine.cursor.clone(), ..Reader::from_now(shop.client()) }
        .with("&filter[type]=customeraddresses");
    let expected = ["created", "updated", "deleted"].map(|action| format!("{action} customeraddresses {address}"));
    assert_eq!(whole.until(3), expected);
    mine.query = "&filter[type]=customeraddresses".to_owned();
    assert_eq!(mine.until(3), expected);
    assert_eq!(theirs.read()["data"], json!([]));
}

/// Who it was, by the name of the client: it is told where its user is told, and to the client itself.
#[test]
fn a_hidden_user_is_not_betrayed_by_the_client() {
    let shop = Shop::new();
    let viewer = json!({"customergroups": {"VIEW": "organization", "CREATE": "organization"}});
    let reader = shop.organization.user_who_may(&viewer);
    let mut changes = Reader::from_now(&reader.client);
    shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    try_create(&reader.client, "customergroups", &json!({"name": "B"}), &json!({})).expect(201);
    let seen = changes.changes_until(2);
    assert_eq!(seen[0]["attributes"]["client"], Value::Null);
    assert_eq!(seen[0]["relationships"]["user"]["data"], Value::Null);
    assert_eq!(seen[1]["attributes"]["client"], reader.client_id.as_str());
    let admin = shop.client().get(&format!("{CHANGES}?page[after]=&filter[type]=customergroups")).expect(200).json();
    assert_eq!(admin["data"][0]["attributes"]["client"], shop.organization.admin.client_id.as_str());
}

/// Names of members that no document has: of rules, of rights, of the table.
#[test]
fn names_of_hidden_members_are_not_told() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0), ("set", 0)]);
    let list = shop.price_list(&["USD"]);
    let price = json!({"quantity": 1, "currency": "USD", "value": "1"});
    shop.try_price(&list, &product, &price).expect(201);
    shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201);
    let note = json!({"message": "Hello"});
    let about = json!({"activityTargets": {"data": [{"type": "products", "id": product}]}});
    shop.try_create("notes", &note, &about).expect(201);
    shop.client().delete(&format!("/admin/api/pricelists/{list}")).expect(204);
    let mut reader = Reader::from_the_oldest(shop.client());
    let mut kinds = BTreeSet::new();
    let mut strange = Vec::new();
    while !kinds.contains("notes") || reader.read()["meta"]["page"]["more"] == true {
        let page = shop.client().get(&format!("{CHANGES}?page[after]=&page[size]=1000")).expect(200).json();
        for change in page["data"].as_array().unwrap() {
            let kind = change["attributes"]["resourceType"].as_str().unwrap().to_owned();
            let resource = ALL.iter().find(|resource| resource.name == kind).unwrap();
            for name in change["attributes"]["fields"].as_array().unwrap() {
                let name = name.as_str().unwrap();
                let field = resource.field(name).is_some_and(|field| field.access != Access::Hidden);
                let relation = resource.relation(name).is_some_and(|relation| !relation.hidden);
                if !field && !relation {
                    strange.push(format!("{kind}.{name}"));
                }
            }
            kinds.insert(kind);
        }
    }
    assert!(strange.is_empty(), "{strange:?}");
}

/// Cursors that are made up: of another organization's feed, beyond every end, before every beginning.
#[test]
fn forged_cursors() {
    let (one, other) = (Shop::new(), Organization::new());
    let get = |cursor: &str| one.client().get(&format!("{CHANGES}?page[after]={cursor}"));
    Reader::from_the_opening(&one);
    get(&cursor::encode(other.id(), 0)).expect(400);
    get(&cursor::encode(one.organization.id(), -1)).expect(400);
    for position in [2, i64::from(i32::MAX), i64::MAX - 10_000, i64::MAX - 1, i64::MAX] {
        get(&cursor::encode(one.organization.id(), position)).expect(410);
    }
    get(&cursor::encode(one.organization.id(), 0)).expect(200);
    let last = one.client().send(reqwest::Method::GET, CHANGES, |request| {
        request
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", cursor::encode(one.organization.id(), i64::MAX))
    });
    last.expect(410);
}

/// A record that one may not view, by `include=resource`: of a change that was seen when it was viewed.
#[test]
fn what_has_left_the_view_is_not_included() {
    let shop = Shop::new();
    let role = json!({"customers": {"VIEW": "user"}});
    let [before, after] = [(); 2].map(|()| shop.organization.user_who_may(&role));
    let owned = |id: i64| json!({"owner": one("users", &id.to_string())});
    let customer = shop.create("customers", &json!({"name": "Secret"}), &owned(before.id));
    let body = json!({"data": {"type": "customers", "id": customer, "relationships": owned(after.id)}});
    shop.client().patch(&format!("/admin/api/customers/{customer}"), &body).expect(200);
    Reader::from_the_oldest(shop.client()).until(3);
    let read = |user: &crate::support::organization::User| {
        user.client.get(&format!("{CHANGES}?page[after]=&include=resource")).expect(200)
    };
    let old = read(&before);
    assert_eq!(old.json()["included"], json!([]));
    assert!(!old.text.contains("Secret"), "{}", old.text);
    assert_eq!(read(&after).json()["included"][0]["attributes"]["name"], "Secret");
}

/// Fields of what one may view that lead to what one may not view are empty in included records as in any answer.
#[test]
fn included_records_hide_what_documents_hide() {
    let shop = Shop::new();
    let user = shop.organization.user_who_may(&json!({"orders": {"VIEW": "organization"}}));
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
    let mut reader = Reader::from_the_oldest(&user.client).with("&filter[type]=orders&include=resource");
    let mut page = reader.read();
    while page["data"] == json!([]) {
        page = reader.read();
    }
    let mut alone = user.client.get(&format!("/admin/api/orders/{order}")).expect(200).json()["data"].clone();
    alone.as_object_mut().unwrap().remove("meta");
    assert_eq!(page["included"][0], alone);
}

/// The role whose name is that.
fn role_id(organization: &Organization, name: &str) -> String {
    let roles = organization.client().get("/admin/api/userroles?page[size]=-1").expect(200).json();
    let role = roles["data"].as_array().unwrap().iter().find(|role| role["attributes"]["label"] == name).cloned();
    role.unwrap()["id"].as_str().unwrap().to_owned()
}

fn give(organization: &Organization, role: &str, permissions: &Value) {
    let body = json!({"data": {"type": "userroles", "id": role, "attributes": {"permissions": permissions}}});
    organization.client().patch(&format!("/admin/api/userroles/{role}"), &body).expect(200);
}

/// A right that is lost while one waits: "at once" in the process that takes it away. The change that comes after is not
/// told, neither to a request that waits nor to a stream.
#[test]
fn a_right_lost_while_waiting() {
    let shop = Shop::new();
    let organization = &shop.organization;
    let name = organization.role(&json!({"customergroups": {"VIEW": "organization"}}));
    let user = organization.user(organization.first.business_unit, &[&name]);
    let role = role_id(organization, &name);
    // Without a type one would wait on, for what everybody may view: countries, units.
    let groups = "filter[type]=customergroups";
    let mut stream = Stream::open(organization.server.address, &token_of(organization, &user), groups, None);
    stream.next().unwrap();
    let cursor = Reader::from_now(&user.client).cursor;
    let waits = format!("{CHANGES}?{groups}&page[after]={cursor}&wait=60");
    let waiting = std::thread::spawn(move || user.client.get(&waits));
    give(organization, &role, &json!({}));
    shop.create("customergroups", &json!({"name": "Secret"}), &json!({}));
    assert_eq!(waiting.join().unwrap().expect(403).error()["title"], "access denied exception");
    assert!(stream.next().is_none(), "the stream tells what may not be viewed any more");
}

/// A right that becomes narrower while one waits: what is told is what may be viewed now.
#[test]
fn a_right_narrowed_while_waiting() {
    let shop = Shop::new();
    let organization = &shop.organization;
    let name = organization.role(&json!({"customergroups": {"VIEW": "organization", "CREATE": "organization"}}));
    let user = organization.user(organization.first.business_unit, &[&name]);
    let role = role_id(organization, &name);
    let mut stream = Stream::open(organization.server.address, &token_of(organization, &user), "", None);
    stream.next().unwrap();
    give(organization, &role, &json!({"customergroups": {"VIEW": "user", "CREATE": "organization"}}));
    shop.create("customergroups", &json!({"name": "Secret"}), &json!({}));
    let own = try_create(&user.client, "customergroups", &json!({"name": "Own"}), &json!({})).expect(201).id();
    assert_eq!(told(&stream.change().1["data"]), format!("created customergroups {own}"));
}

/// Work without an end: a stream in parts of nothing would go round and round.
#[test]
fn a_stream_in_parts_of_nothing() {
    let shop = Shop::new();
    Reader::from_the_opening(&shop);
    let token = token_of(&shop.organization, &shop.organization.admin);
    let address = shop.organization.server.address;
    let refused = Stream::try_open(address, &token, "page[after]=&page[size]=0", None).err().unwrap();
    assert_eq!(refused.status(), 400);
    assert!(Stream::try_open(address, &token, "page[after]=&page[size]=1", None).is_ok());
}

/// Pages that never end and cursors that stand still: an empty page of size 0 leads nowhere, and says so by its links.
#[test]
fn a_page_of_nothing_stands_still_and_says_that_there_is_more() {
    let shop = Shop::new();
    Reader::from_the_opening(&shop);
    let page = shop.client().get(&format!("{CHANGES}?page[after]=&page[size]=0&wait=60")).expect(200).json();
    assert_eq!((&page["data"], &page["meta"]["page"]["more"]), (&json!([]), &json!(true)));
    let next = cursor_of(&page["links"]["next"]);
    assert_eq!(cursor::decode(shop.organization.id(), &next), Some(0));
}
