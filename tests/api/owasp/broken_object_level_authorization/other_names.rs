//! API1, by other names than ids: labels of operations, SKUs, types and ids of whatever a record is about.

use reqwest::Method;
use serde_json::{Value, json};

use super::told;
use crate::spec::atomic::operate;
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::unique;
use crate::support::shop::{Shop, one};

const ABSENT: &str = "999999999";

/// A label is what an operation of the same request has added: not an id of a record, whoever it belongs to.
#[test]
fn ids_of_another_organization_as_lids() {
    let (ours, theirs) = (Shop::new(), Shop::new());
    let own = ours.create("customers", &json!({"name": "Own"}), &json!({}));
    let before = theirs.attributes("customers", &theirs.customer);
    for id in [&theirs.customer, &ours.customer] {
        let told_of = |id: &str| {
            let named = json!({"type": "customers", "lid": id});
            let renamed = json!({"type": "customers", "lid": id, "attributes": {"name": "Taken"}});
            let below = json!({"type": "customers", "id": own, "relationships": {"parent": {"data": named}}});
            let relationship = json!({"type": "customers", "lid": id, "relationship": "children"});
            let one = json!([{"type": "customers", "id": own}]);
            [
                json!({"op": "update", "data": renamed}),
                json!({"op": "update", "data": below}),
                json!({"op": "remove", "ref": named}),
                json!({"op": "add", "ref": relationship, "data": one}),
            ]
            .map(|operation| operate(ours.client(), &json!({"atomic:operations": [operation]})))
        };
        for (at_id, at_none) in told_of(id).iter().zip(told_of(ABSENT)) {
            assert!([400, 404].contains(&at_id.status), "{}", at_id.text);
            let unnamed = |answer: &Answer, id: &str| told(answer).1.replace(&format!("\"{id}\\\""), "ID");
            assert_eq!(unnamed(at_id, id), unnamed(&at_none, ABSENT));
        }
    }
    assert_eq!(theirs.attributes("customers", &theirs.customer), before);
    assert_eq!(ours.attributes("customers", &ours.customer)["name"], "Atlas");
    // A label of one's own may be anything, and is that record alone.
    let labelled = json!({"type": "customers", "lid": theirs.customer});
    let add = json!({"type": "customers", "lid": theirs.customer, "attributes": {"name": "Labelled"}});
    let below = json!({"type": "customers", "id": own, "relationships": {"parent": {"data": labelled}}});
    let operations = json!([{"op": "add", "data": add}, {"op": "update", "data": below}]);
    assert_eq!(operate(ours.client(), &json!({"atomic:operations": operations})).status, 200);
    let parent = ours.client().get(&format!("/admin/api/customers/{own}/parent")).expect(200).json();
    assert_eq!(parent["data"]["attributes"]["name"], "Labelled");
}

/// By external ids as by numbers: a SKU of another organization is none here, on no route and in no relationship.
#[test]
fn external_ids_of_another_organization() {
    let (ours, theirs) = (Shop::new(), Shop::new());
    let (sku, absent) = (unique("THEIRS"), unique("NOBODYS"));
    let product = theirs.product(&sku, &[("item", 0)]);
    ours.product("OWN", &[("item", 0)]);
    let list = ours.price_list(&["USD"]);
    let send = |client: &Client, method: Method, path: &str, body: Option<Value>| -> Answer {
        client.send(method, path, |request| {
            let request = request.header("X-Integration-Type", "ext_id").header("X-Include", "totalCount;noHateoas");
            match body {
                Some(body) => request.header("Content-Type", JSON_API).body(body.to_string()),
                None => request,
            }
        })
    };
    let alike = |method: &Method, path: &str, body: &Value, status: u16| {
        let ask = |sku: &str| {
            let body = Some(body).filter(|body| !body.is_null());
            let body = body.map(|body| serde_json::from_str(&body.to_string().replace("SKU", sku)).unwrap());
            send(ours.client(), method.clone(), &path.replace("SKU", sku), body)
        };
        let (at_theirs, at_none) = (ask(&sku), ask(&absent));
        assert_eq!(at_theirs.status, status, "{method} {path}: {}", at_theirs.text);
        assert_eq!(told(&at_theirs).1.replace(&sku, "SKU"), told(&at_none).1.replace(&absent, "SKU"), "{path}");
        let total = |answer: &Answer| answer.header("X-Include-Total-Count").to_owned();
        assert_eq!(total(&at_theirs), total(&at_none), "{path}");
    };
    send(theirs.client(), Method::GET, &format!("/admin/api/products/{sku}"), None).expect(200);
    let change = json!({"data": {"type": "products", "id": "SKU", "attributes": {"status": "disabled"}}});
    alike(&Method::GET, "/admin/api/products/SKU", &Value::Null, 404);
    alike(&Method::GET, "/admin/api/products/SKU/names", &Value::Null, 404);
    alike(&Method::GET, "/admin/api/products/SKU/relationships/names", &Value::Null, 404);
    alike(&Method::PATCH, "/admin/api/products/SKU", &change, 404);
    alike(&Method::DELETE, "/admin/api/products/SKU", &Value::Null, 404);
    alike(&Method::GET, "/admin/api/products?filter[id]=SKU", &Value::Null, 200);
    alike(&Method::DELETE, "/admin/api/products?filter[id]=SKU", &Value::Null, 204);
    let prices = format!("/admin/api/productprices?filter[priceList]={list}&filter[product]=SKU");
    alike(&Method::GET, &prices, &Value::Null, 200);
    alike(&Method::GET, "/admin/api/orders?filter[lineItems.product]=SKU", &Value::Null, 200);
    let links = json!({
        "product": one("products", "SKU"), "priceList": one("pricelists", &list), "unit": one("productunits", "item"),
    });
    let attributes = json!({"quantity": 1, "currency": "USD", "value": "1"});
    let price = json!({"data": {"type": "productprices", "attributes": attributes, "relationships": links}});
    alike(&Method::POST, "/admin/api/productprices", &price, 400);
    let related = json!({"product": one("products", "OWN"), "relatedItem": one("products", "SKU")});
    let related = json!({"data": {"type": "relatedproducts", "relationships": related}});
    alike(&Method::POST, "/admin/api/relatedproducts", &related, 400);
    assert_eq!(theirs.attributes("products", &product)["status"], "enabled");
}

/// User names are unique over all organizations, since WSSE knows users by them alone: who takes one of another organization is
/// refused, and neither finds nor changes its user, by no way to write a user.
#[test]
fn user_names_of_another_organization_as_upsert_keys() {
    let (ours, theirs) = (Shop::new(), Shop::new());
    let admin = &theirs.organization.admin;
    let before = theirs.attributes("users", &admin.id.to_string());
    let unit = one("businessunits", &ours.organization.first.business_unit.to_string());
    let user = |meta: Value| {
        let attributes = json!({
            "username": admin.username.to_uppercase(), "email": format!("{}@example.org", unique("new")),
            "firstName": "Taken", "lastName": "Over", "password": "a password of my own",
        });
        json!({"type": "users", "attributes": attributes, "relationships": {"owner": unit}, "meta": meta})
    };
    for meta in [json!({}), json!({"upsert": ["username"]}), json!({"upsert": true})] {
        let record = user(meta);
        let single = ours.client().post("/admin/api/users", &json!({"data": record}));
        assert_eq!(single.status, 400, "{}", single.text);
        let add = json!({"atomic:operations": [{"op": "add", "data": record}]});
        let atomic = operate(ours.client(), &add);
        assert_eq!(atomic.status, 400, "{}", atomic.text);
        let batch = ours.client().send(Method::PATCH, "/admin/api/users", |request| {
            let body = json!({"data": [record]}).to_string();
            request.header("Content-Type", JSON_API).header("X-Mode", "sync").body(body)
        });
        assert_eq!(batch.status, 400, "{}", batch.text);
        for answer in [single, atomic, batch] {
            assert!(!answer.text.contains(&format!("\"{}\"", admin.id)), "{}", answer.text);
        }
    }
    let after = theirs.attributes("users", &admin.id.to_string());
    assert_eq!((&after["firstName"], &after["updatedAt"]), (&before["firstName"], &before["updatedAt"]));
    let list = ours.client().get(&format!("/admin/api/users?filter[username]={}", admin.username)).expect(200).json();
    assert_eq!(list["data"], json!([]));
}

/// A record that is about others of any type: the body of one about `target`.
fn about(kind: &str, target: &Value) -> Value {
    let (attributes, name, data) = match kind {
        "notes" => (json!({"message": "A"}), "activityTargets", json!([target])),
        "comments" => (json!({"message": "A"}), "target", target.clone()),
        _ => (json!({}), "target", target.clone()),
    };
    let mut body = json!({"data": {"type": kind, "attributes": attributes, "relationships": {name: {"data": data}}}});
    if kind == "attachments" {
        let file = json!({"content": "QQ==", "mimeType": "text/plain", "originalFilename": "a.txt"});
        body["data"]["relationships"]["file"] = one("files", "file");
        body["included"] = json!([{"type": "files", "id": "file", "attributes": file}]);
    }
    body
}

/// Notes, comments and attachments are about records of several types: not about one of another organization, nor about one that
/// the caller may not view, and through none of them is one shown, included, found or counted.
#[test]
fn records_of_others_by_what_a_record_is_about() {
    let (ours, theirs) = (Shop::new(), Shop::new());
    let note = |shop: &Shop| {
        let customer = json!({"type": "customers", "id": shop.customer});
        shop.client().post("/admin/api/notes", &about("notes", &customer)).expect(201).id()
    };
    let (own_note, foreign_note) = (note(&ours), note(&theirs));
    let all =
        json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "ASSIGN": "organization"});
    let blind =
        ours.organization.user_who_may(&json!({"notes": all, "comments": all, "attachments": all, "files": all}));
    for (kind, of, foreign, hidden, name) in [
        ("notes", "customers", &theirs.customer, &ours.customer, "activityTargets"),
        ("attachments", "customers", &theirs.customer, &ours.customer, "target"),
        ("comments", "notes", &foreign_note, &own_note, "target"),
    ] {
        let path = format!("/admin/api/{kind}");
        let post = |client: &Client, id: &str| client.post(&path, &about(kind, &json!({"type": of, "id": id})));
        let (at_theirs, at_none) = (post(ours.client(), foreign), post(ours.client(), ABSENT));
        assert_eq!(at_theirs.status, 400, "{kind}: {}", at_theirs.text);
        assert_eq!(told(&at_theirs), told(&at_none), "{kind}");
        let own = post(ours.client(), hidden).expect(201).id();
        let data = json!({"type": of, "id": foreign});
        let data = if name == "target" { data } else { json!([data]) };
        let moved = ours.client().patch(&format!("{path}/{own}/relationships/{name}"), &json!({"data": data}));
        assert!(
            moved.status == 400 && moved.text.contains("does not exist"),
            "{kind}: {} {}",
            moved.status,
            moved.text
        );
        if of != "customers" {
            continue;
        }
        // In the same organization, for who may not view what it is about.
        post(&blind.client, hidden).expect(403);
        let shown = blind.client.get(&format!("{path}/{own}?include={name},{name}.owner")).expect(200);
        assert!(!shown.text.contains("Atlas"), "{kind}: {}", shown.text);
        let linked = &shown.json()["data"]["relationships"][name]["data"];
        assert!(*linked == json!([]) || linked.is_null(), "{kind}: {linked}");
        for below in [name.to_owned(), format!("relationships/{name}")] {
            let answer = blind.client.get(&format!("{path}/{own}/{below}"));
            let document = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
            let nothing = answer.status == 200 && (document["data"] == json!([]) || document["data"].is_null());
            assert!(nothing || [403, 404].contains(&answer.status), "{kind}/{below}: {}", answer.text);
        }
        // Neither filter nor order tells of it.
        let list = |query: &str| blind.client.get(&format!("{path}?{query}"));
        for filter in
            [format!("filter[{name}][customers]="), format!("filter[{name}.customers]="), format!("filter[{name}]=")]
        {
            let (known, unknown) = (list(&format!("{filter}{hidden}")), list(&format!("{filter}{ABSENT}")));
            assert_eq!(told(&known), told(&unknown), "{kind}: {filter}");
        }
        list(&format!("sort={name}")).expect(400);
        list(&format!("sort={name}.customers")).expect(400);
    }
}
