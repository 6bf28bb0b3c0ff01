//! Deleting records, one by one and by filter.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::{Shop, line, many, one};

fn delete_list(shop: &Shop, query: &str, include: &str) -> Answer {
    let path = format!("/admin/api/customers{query}");
    shop.client().send(Method::DELETE, &path, |request| request.header("X-Include", include))
}

fn count(shop: &Shop, query: &str) -> String {
    let path = format!("/admin/api/customers{query}");
    let answer = shop.client().send(Method::GET, &path, |request| request.header("X-Include", "totalCount"));
    answer.expect(200).header("X-Include-Total-Count").to_owned()
}

/// A customer with that many children, made in one request; its id.
fn family(shop: &Shop, children: usize) -> String {
    let labels: Vec<String> = (0..children).map(|index| format!("c{index}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let included: Vec<Value> = labels
        .iter()
        .map(|label| json!({"type": "customers", "id": label, "attributes": {"name": unique("Child")}}))
        .collect();
    let body = json!({
        "data": {
            "type": "customers", "attributes": {"name": "Parent"},
            "relationships": {"children": many("customers", &labels)},
        },
        "included": included,
    });
    shop.client().post("/admin/api/customers", &body).expect(201).id()
}

/// "DELETE collection requires at least one filter."
#[test]
fn a_list_needs_a_filter() {
    let shop = Shop::new();
    for query in ["", "?"] {
        let error = delete_list(&shop, query, "").expect(400).error();
        assert_eq!(error["title"], "filter constraint");
        assert_eq!(error["detail"], "At least one filter must be provided.");
    }
    for query in ["?page[size]=1", "?sort=id", "?filter[nope]=1", "?filter[id]=abc", "?include=group"] {
        delete_list(&shop, query, "").expect(400);
    }
    assert_eq!(count(&shop, ""), "1");
}

/// "At most 100 entities are deleted per request; the rest stay." Both counts are told when asked for.
#[test]
fn a_hundred_at_most() {
    let shop = Shop::new();
    let parent = family(&shop, 103);
    let query = format!("?filter[parent]={parent}");
    let answer = delete_list(&shop, &query, "deletedCount;totalCount").expect(204);
    assert_eq!(answer.text, "");
    assert_eq!(answer.header("X-Include-Deleted-Count"), "100");
    assert_eq!(answer.header("X-Include-Total-Count"), "103");
    assert_eq!(count(&shop, &query), "3");
    let answer = delete_list(&shop, &query, "").expect(204);
    assert_eq!(answer.header("X-Include-Deleted-Count"), "");
    assert_eq!(count(&shop, &query), "0");
    assert_eq!(delete_list(&shop, &query, "deletedCount").expect(204).header("X-Include-Deleted-Count"), "0");
}

/// "All-or-nothing: if one cannot be deleted nothing is." Refused by rules: 403 with the reason.
#[test]
fn all_or_nothing() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201);
    let other = shop.create("customers", &json!({"name": "B"}), &json!({}));
    let answer = delete_list(&shop, &format!("?filter[id]={other},{}", shop.customer), "deletedCount").expect(403);
    let error = answer.error();
    assert_eq!(error["title"], "access denied exception");
    assert!(error["detail"].as_str().unwrap().starts_with("The delete operation is forbidden. Reason: "), "{error}");
    assert_eq!(answer.header("X-Include-Deleted-Count"), "");
    assert_eq!(count(&shop, ""), "2");
    let error = shop.client().delete(&format!("/admin/api/customers/{}", shop.customer)).expect(403).error();
    assert!(error["detail"].as_str().unwrap().starts_with("The delete operation is forbidden. Reason: "), "{error}");
    shop.client().delete(&format!("/admin/api/customers/{other}")).expect(204);
}

/// What the caller may not see is not found; what it may see and not delete refuses the whole.
#[test]
fn rights_decide() {
    let shop = Shop::new();
    let own = shop.organization.user_who_may(&json!({"customers": {"VIEW": "user", "DELETE": "user", "CREATE": "user"}, "organizations": {"VIEW": "organization"}, "users": {"VIEW": "organization"}})).client;
    let mine =
        own.post("/admin/api/customers", &json!({"data": {"type": "customers", "attributes": {"name": "Mine"}}}));
    let mine = mine.expect(201).id();
    own.delete(&format!("/admin/api/customers?filter[id]={mine},{}", shop.customer)).expect(204);
    assert_eq!(count(&shop, ""), "1");
    let all = json!({"customers": {"VIEW": "organization", "DELETE": "user"}});
    let viewer = shop.organization.user_who_may(&all).client;
    viewer.delete(&format!("/admin/api/customers?filter[id]={}", shop.customer)).expect(403);
    viewer.delete(&format!("/admin/api/customers/{}", shop.customer)).expect(403);
    assert_eq!(count(&shop, ""), "1");
}

/// Records with their parts; what points at them from elsewhere keeps them.
#[test]
fn parts_go_with_their_record() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
    let lines = shop.client().get(&format!("/admin/api/orders/{order}/lineItems")).expect(200).json();
    let part = format!("/admin/api/orderlineitems/{}", lines["data"][0]["id"].as_str().unwrap());
    shop.client().delete(&format!("/admin/api/products/{product}")).expect(403);
    shop.client().delete(&format!("/admin/api/orders/{order}")).expect(204);
    shop.client().get(&part).expect(404);
    shop.client().delete(&format!("/admin/api/products/{product}")).expect(204);
    let levels = shop.client().get(&format!("/admin/api/inventorylevels?filter[product]={product}")).expect(200).json();
    assert_eq!(levels["data"], json!([]));
}

/// `If-Match` on DELETE and on relationship writes: 412 when the record has changed since.
#[test]
fn a_record_that_has_changed_stays() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}", shop.customer);
    let tag = shop.client().get(&path).expect(200).header("ETag").to_owned();
    shop.change("customers", &shop.customer, &json!({"name": "Changed"})).expect(200);
    let delete = |tag: &str| shop.client().send(Method::DELETE, &path, |request| request.header("If-Match", tag));
    delete(&tag).expect(412);
    let link = format!("{path}/relationships/group");
    let group = shop.create("customergroups", &json!({"name": unique("G")}), &json!({}));
    let relate = |tag: &str| {
        shop.client().send(Method::PATCH, &link, |request| {
            let body = one("customergroups", &group).to_string();
            request.header("If-Match", tag).header("Content-Type", "application/vnd.api+json").body(body)
        })
    };
    relate(&tag).expect(412);
    let tag = shop.client().get(&path).expect(200).header("ETag").to_owned();
    relate(&tag).expect(204);
    delete(&tag).expect(412);
    let tag = shop.client().get(&path).expect(200).header("ETag").to_owned();
    delete(&tag).expect(204);
    delete("*").expect(404);
}

/// Many who change the same record with the same tag: one of them does.
#[test]
fn one_of_many_wins() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}", shop.customer);
    let tag = shop.client().get(&path).expect(200).header("ETag").to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                let (shop, path, tag) = (&shop, &path, &tag);
                scope.spawn(move || {
                    let body = json!({"data": {
                        "type": "customers", "id": shop.customer, "attributes": {"name": format!("By {index}")},
                    }});
                    let send = shop.client().send(Method::PATCH, path, |request| {
                        let request = request.header("If-Match", tag);
                        request.header("Content-Type", "application/vnd.api+json").body(body.to_string())
                    });
                    send.status
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)), "{statuses:?}");
}

/// A list that has to have members keeps one, by whichever route the last would leave: "A deletion refused by business
/// rules: 403, `The delete operation is forbidden. Reason: …`".
#[test]
fn the_last_member_of_a_required_list_stays() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let parts = |label: &str| line(label, &product, &json!(1), "10");
    let order = shop.try_order(&[parts("1"), parts("2")]).expect(201).id();
    let list = format!("/admin/api/orders/{order}/lineItems");
    let lines: Vec<String> = shop.client().get(&list).expect(200).json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect();
    let both = format!("/admin/api/orderlineitems?filter[id]={}", lines.join(","));
    let reason = |list: &str, parent: &str| {
        format!(
            "The delete operation is forbidden. Reason: the list \"{list}\" of \"{parent}\" should contain 1 element or more."
        )
    };
    let refused = |path: &str, list: &str, parent: &str| {
        let error = shop.client().delete(path).expect(403).error();
        assert_eq!(
            (&error["title"], &error["detail"]),
            (&json!("access denied exception"), &json!(reason(list, parent)))
        );
    };
    refused(&both, "lineItems", &format!("orders {order}"));
    shop.client().delete(&format!("/admin/api/orderlineitems/{}", lines[0])).expect(204);
    refused(&format!("/admin/api/orderlineitems/{}", lines[1]), "lineItems", &format!("orders {order}"));
    // Nor does it go to another list.
    let other = shop.product("B", &[("item", 0)]);
    let (first, second) = (shop.kit("K1", &product).1, shop.kit("K2", &other).1);
    let sold = shop.client().get(&format!("/admin/api/productkititems/{first}/kitItemProducts")).expect(200).json();
    let choice = sold["data"][0]["id"].as_str().unwrap();
    let path = format!("/admin/api/productkititems/{second}/relationships/kitItemProducts");
    let body = many("productkititemproducts", &[choice]);
    let error = shop.client().post(&path, &body).expect(400).error();
    let detail =
        format!("The list \"kitItemProducts\" of \"productkititems {first}\" should contain 1 element or more.");
    assert_eq!((&error["title"], &error["detail"]), (&json!("count constraint"), &json!(detail)));

    // With its parent it goes.
    shop.client().delete(&format!("/admin/api/orders/{order}")).expect(204);
}
