//! Writes on relationship routes: PATCH replaces, POST adds, DELETE removes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, JSON_API};
use crate::support::organization::Organization;
use crate::support::shop::{Shop, line, many, one};

fn send(shop: &Shop, method: Method, path: &str, body: &Value) -> Answer {
    shop.client().send(method, path, |request| request.header("Content-Type", JSON_API).body(body.to_string()))
}

#[track_caller]
fn refused(answer: Answer, status: u16, title: &str, detail: &str) {
    let error = answer.expect(status).error();
    assert_eq!((&error["title"], &error["detail"]), (&json!(title), &json!(detail)));
}

fn linked(shop: &Shop, path: &str) -> Vec<String> {
    let list = shop.client().get(path).expect(200).json();
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// "POST adds, DELETE removes; both to-many only: 405 on a to-one."
#[test]
fn a_to_one_has_patch_alone() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}/relationships/group", shop.customer);
    for method in [Method::POST, Method::DELETE] {
        let answer = send(&shop, method, &path, &json!({"data": null})).expect(405);
        assert_eq!(answer.header("Allow"), "OPTIONS, GET, PATCH");
    }
}

/// "Bad body 400 `request data constraint`", with the texts for what is missing and for a list where one belongs.
#[test]
fn bodies_that_do_not_fit() {
    let shop = Shop::new();
    let to_one = format!("/admin/api/customers/{}/relationships/group", shop.customer);
    let to_many = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    let title = "request data constraint";
    for path in [&to_one, &to_many] {
        let text = "The \"data\" top-level section should exist";
        refused(shop.client().patch(path, &json!({"meta": {}})), 400, title, text);
        refused(shop.client().patch(path, &json!({})), 400, title, "The request data should not be empty.");
    }
    let text = "The list of resource identifier objects should be an array";
    for data in [json!(null), json!({"type": "customers", "id": "1"}), json!(1)] {
        refused(shop.client().patch(&to_many, &json!({"data": data})), 400, title, text);
    }
    let text = "The resource identifier object should be NULL or an object";
    for data in [json!([]), json!("1"), json!(false)] {
        refused(shop.client().patch(&to_one, &json!({"data": data})), 400, title, text);
    }
    let answer = shop.client().patch(&to_many, &json!({"data": [{"type": "customers"}, {"id": "1"}, 3]})).expect(400);
    let places: Vec<Value> =
        answer.json()["errors"].as_array().unwrap().iter().map(|error| error["source"]["pointer"].clone()).collect();
    assert_eq!(places, [json!("/data/0/id"), json!("/data/1/type"), json!("/data/2")]);
}

/// "Wrong related type 400 `entity type constraint`"; what does not exist, here or in another organization, is the same.
#[test]
fn targets_that_do_not_fit() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    let error = shop.client().patch(&path, &many("products", &["1"])).expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["pointer"]),
        (&json!("entity type constraint"), &json!("/data/0/type"))
    );
    let error = shop.client().patch(&path, &many("customers", &["abc"])).expect(400).error();
    assert_eq!(error["title"], "entity identifier constraint");
    let foreign = Shop::new().customer;
    for id in ["999999999", &foreign] {
        let error = send(&shop, Method::POST, &path, &many("customers", &[id])).expect(400).error();
        assert_eq!((&error["title"], &error["source"]["pointer"]), (&json!("form constraint"), &json!("/data/0")));
        // What is not linked can be taken out.
        send(&shop, Method::DELETE, &path, &many("customers", &[id])).expect(204);
    }
}

/// "Missing parent 404; no access 403"; an id of another form 400; an unknown association 404.
#[test]
fn parents_that_are_not_there() {
    let shop = Shop::new();
    let body = json!({"data": null});
    let patch = |path: &str| shop.client().patch(&format!("/admin/api{path}"), &body);
    let text = "The parent entity does not exist.";
    refused(patch("/customers/999999999/relationships/group"), 404, "not found http exception", text);
    let foreign = Shop::new().customer;
    refused(patch(&format!("/customers/{foreign}/relationships/group")), 404, "not found http exception", text);
    patch("/customers/abc/relationships/group").expect(400);
    let text = "Unsupported subresource.";
    refused(patch(&format!("/customers/{}/relationships/nope", shop.customer)), 404, "relationship constraint", text);
    refused(patch("/nope/1/relationships/group"), 404, "entity type constraint", "Unknown parent entity type: nope.");
    let viewer = shop.organization.user_who_may(&json!({"customers": {"VIEW": "organization"}})).client;
    let path = format!("/admin/api/customers/{}/relationships/group", shop.customer);
    viewer.patch(&path, &body).expect(403);
    let own = json!({"customers": {"VIEW": "organization", "EDIT": "user"}});
    let editor = shop.organization.user_who_may(&own).client;
    refused(editor.patch(&path, &body), 403, "access denied exception", "No access to the parent entity.");
}

/// What a record cannot be without cannot be taken away: 400, and nothing is changed.
#[test]
fn required_links_stay() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
    let path = format!("/admin/api/orders/{order}/relationships/customer");
    let error = shop.client().patch(&path, &json!({"data": null})).expect(400).error();
    assert_eq!((&error["title"], &error["source"]["pointer"]), (&json!("not blank constraint"), &json!("/data")));
    let lines = format!("/admin/api/orders/{order}/relationships/lineItems");
    let before = linked(&shop, &lines);
    let all: Vec<&str> = before.iter().map(String::as_str).collect();
    let error = shop.client().patch(&lines, &json!({"data": []})).expect(400).error();
    assert_eq!(error["title"], "count constraint");
    let error = send(&shop, Method::DELETE, &lines, &many("orderlineitems", &all)).expect(400).error();
    assert_eq!(error["title"], "count constraint");
    assert_eq!(linked(&shop, &lines), before);
}

/// Parts that leave a list are gone; other records are only let go.
#[test]
fn what_leaves_a_list() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order =
        shop.try_order(&[line("1", &product, &json!(1), "1"), line("2", &product, &json!(2), "1")]).expect(201).id();
    let lines = format!("/admin/api/orders/{order}/relationships/lineItems");
    let [first, second]: [String; 2] = linked(&shop, &lines).try_into().unwrap();
    send(&shop, Method::DELETE, &lines, &many("orderlineitems", &[&first])).expect(204);
    assert_eq!(linked(&shop, &lines), [second]);
    shop.client().get(&format!("/admin/api/orderlineitems/{first}")).expect(404);
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "2.0000");

    let child = shop.create("customers", &json!({"name": "B"}), &json!({"parent": one("customers", &shop.customer)}));
    let children = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    shop.client().patch(&children, &json!({"data": []})).expect(204);
    assert!(linked(&shop, &children).is_empty());
    let child = shop.client().get(&format!("/admin/api/customers/{child}")).expect(200).json();
    assert_eq!(child["data"]["relationships"]["parent"]["data"], Value::Null);
}

/// A list in a join table: added once, however often it is sent, by many at the same time too.
#[test]
fn adding_at_the_same_time() {
    let shop = Shop::new();
    let users: Vec<String> = (0..4).map(|_| shop.organization.user_who_may(&json!({})).id.to_string()).collect();
    let path = format!("/admin/api/customers/{}/relationships/salesRepresentatives", shop.customer);
    std::thread::scope(|scope| {
        for index in 0..8 {
            let (shop, users, path) = (&shop, &users, &path);
            scope.spawn(move || {
                let pair = [users[index % 4].as_str(), users[(index + 1) % 4].as_str()];
                send(shop, Method::POST, path, &many("users", &pair)).expect(204);
            });
        }
    });
    let mut found = linked(&shop, &path);
    found.sort_unstable();
    let mut wanted = users.clone();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

/// A user of another organization is nobody here.
#[test]
fn organizations_are_apart() {
    let (shop, other) = (Shop::new(), Organization::new());
    let path = format!("/admin/api/customers/{}/relationships/salesRepresentatives", shop.customer);
    let error = shop.client().patch(&path, &many("users", &[&other.admin.id.to_string()])).expect(400).error();
    assert_eq!(error["detail"], "The entity does not exist.");
    let owner = format!("/admin/api/customers/{}/relationships/owner", shop.customer);
    shop.client().patch(&owner, &one("users", &other.admin.id.to_string())).expect(400);
}
