//! Notes: about one or several records of any kind.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, many, one};

fn identifier(kind: &str, id: &str) -> Value {
    json!({"type": kind, "id": id})
}

fn post(client: &Client, message: &str, targets: &[Value]) -> Answer {
    let data = json!({
        "type": "notes",
        "attributes": {"message": message},
        "relationships": {"activityTargets": {"data": targets}},
    });
    client.post("/admin/api/notes", &json!({"data": data}))
}

/// Type and id of each record of a list.
fn seen(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(|one| (text(&one["type"]), text(&one["id"]))).collect()
}

fn pairs(list: &[Value]) -> Vec<(String, String)> {
    seen(&json!(list))
}

fn change(client: &Client, method: Method, path: &str, data: &[Value]) -> Answer {
    client
        .send(method, path, |request| request.header("Content-Type", JSON_API).body(json!({"data": data}).to_string()))
}

/// A shop, a product and a price list in it.
fn shop() -> (Shop, [Value; 3]) {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    let targets =
        [identifier("customers", &shop.customer), identifier("pricelists", &list), identifier("products", &product)];
    (shop, targets)
}

#[test]
fn a_note_is_about_records_of_several_kinds() {
    let (shop, [customer, list, product]) = shop();
    let client = shop.client();
    let note = post(client, "Call back", &[product.clone(), customer.clone()]).expect(201);
    let data = &note.json()["data"];
    let about = &data["relationships"]["activityTargets"];
    assert_eq!(seen(&about["data"]), pairs(&[customer.clone(), product.clone()]));
    assert!(about["links"]["related"].as_str().unwrap().ends_with(&format!("/notes/{}/activityTargets", note.id())));
    assert_eq!(data["relationships"]["owner"]["data"]["id"], json!(shop.organization.admin.id.to_string()));

    // Both ends show it.
    for (target, expected) in [(&customer, 1), (&product, 1), (&list, 0)] {
        let (kind, id) = (target["type"].as_str().unwrap(), target["id"].as_str().unwrap());
        let notes = client.get(&format!("/admin/api/{kind}/{id}/activityNotes")).expect(200).json();
        assert_eq!(notes["data"].as_array().unwrap().len(), expected, "{kind}");
        let shown = client.get(&format!("/admin/api/{kind}/{id}?include=activityNotes")).expect(200).json();
        assert_eq!(shown["included"].as_array().unwrap().len(), expected, "{kind}");
    }
    let path = format!("/admin/api/notes/{}?include=activityTargets,activityTargets.owner", note.id());
    let document = client.get(&path).expect(200).json();
    let mut kinds: Vec<String> = seen(&document["included"]).into_iter().map(|(kind, _)| kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["businessunits", "customers", "products", "users"]);
    let text = json!({"type": "customers", "id": customer["id"]});
    assert_eq!(document["data"]["relationships"]["activityTargets"]["data"][0], text);
}

/// "GET sub-resource -> 200, full resource(s)"; "GET relationship -> 200, identifiers only, list paging".
#[test]
fn the_records_that_a_note_is_about_are_one_list() {
    let (shop, targets) = shop();
    let client = shop.client();
    let other = identifier("customers", &shop.create("customers", &json!({"name": "Birch"}), &json!({})));
    let note = post(client, "Hi", &[&targets[..], std::slice::from_ref(&other)].concat()).expect(201).id();
    let all = [targets[0].clone(), other, targets[1].clone(), targets[2].clone()];
    let path = format!("/admin/api/notes/{note}/activityTargets");
    let get = |query: &str| client.get(&format!("{path}?{query}")).expect(200).json();
    let list = get("include=owner,organization&meta=title");
    assert_eq!(seen(&list["data"]), pairs(&all));
    assert_eq!(list["data"][1]["attributes"]["name"], "Birch");
    assert_eq!(list["data"][1]["meta"]["title"], "Birch");
    assert_eq!(list["data"][3]["attributes"]["status"], "enabled");
    let mut kinds: Vec<String> = seen(&list["included"]).into_iter().map(|(kind, _)| kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["businessunits", "organizations", "users"]);
    assert_eq!(seen(&get("page[size]=2&page[number]=2")["data"]), pairs(&all[2..]));
    let first = get("page[size]=3");
    assert_eq!(seen(&first["data"]), pairs(&all[..3]));
    assert!(first["links"]["next"].as_str().unwrap().contains("page%5Bnumber%5D=2"), "{}", first["links"]);
    assert!(get("page[size]=4")["links"].get("next").is_none());
    assert_eq!(seen(&get("page[size]=-1")["data"]), pairs(&all));
    assert_eq!(get("page[size]=0")["data"], json!([]));
    assert_eq!(get("fields[customers]=name")["data"][0]["attributes"], json!({"name": "Atlas"}));

    let route = format!("/admin/api/notes/{note}/relationships/activityTargets");
    let total =
        client.send(Method::GET, &format!("{route}?page[size]=1"), |request| request.header("X-Include", "totalCount"));
    let total = total.expect(200);
    assert_eq!(total.header("X-Include-Total-Count"), "4");
    assert_eq!(total.json()["data"], json!([all[0]]));
    let rest = client.get(&format!("{route}?page[number]=2&page[size]=1")).expect(200).json();
    assert_eq!(rest["data"], json!([all[1]]));
    for query in ["sort=id", "filter[id]=1", "page[after]="] {
        let error = client.get(&format!("{path}?{query}")).expect(400).error();
        assert_eq!(error["title"], "filter constraint", "{query}");
    }
    client.get("/admin/api/notes/999999999/activityTargets").expect(404);
}

/// "PATCH relationship replaces all. POST adds, DELETE removes"
#[test]
fn what_a_note_is_about_can_be_changed() {
    let (shop, [customer, list, product]) = shop();
    let client = shop.client();
    let note = post(client, "Hi", std::slice::from_ref(&customer)).expect(201).id();
    let route = format!("/admin/api/notes/{note}/relationships/activityTargets");
    let now = || seen(&client.get(&route).expect(200).json()["data"]);
    change(client, Method::POST, &route, &[list.clone(), product.clone()]).expect(204);
    assert_eq!(now(), pairs(&[customer.clone(), list.clone(), product.clone()]));
    change(client, Method::DELETE, &route, &[customer.clone(), product.clone()]).expect(204);
    assert_eq!(now(), pairs(std::slice::from_ref(&list)));
    change(client, Method::PATCH, &route, &[product.clone(), customer.clone()]).expect(204);
    assert_eq!(now(), pairs(&[customer.clone(), product.clone()]));
    // The other end takes part in it.
    let of_list = format!("/admin/api/pricelists/{}/relationships/activityNotes", list["id"].as_str().unwrap());
    change(client, Method::POST, &of_list, &[identifier("notes", &note)]).expect(204);
    assert_eq!(now(), pairs(&[customer.clone(), list.clone(), product.clone()]));
    change(client, Method::PATCH, &of_list, &[]).expect(204);
    assert_eq!(now(), pairs(&[customer, product.clone()]));

    let wrong = change(client, Method::POST, &route, &[product, identifier("countries", "DE")]).expect(400).error();
    assert_eq!(
        (&wrong["title"], &wrong["source"]["pointer"]),
        (&json!("entity type constraint"), &json!("/data/1/type"))
    );
    let missing =
        change(client, Method::POST, &route, &[list, identifier("products", "999999999")]).expect(400).error();
    assert_eq!(missing["source"]["pointer"], "/data/1");
    assert_eq!(now().len(), 2, "nothing is half done");
}

#[test]
fn a_note_is_about_something() {
    let (shop, [customer, ..]) = shop();
    let client = shop.client();
    let error = post(client, "Hi", &[]).expect(400).error();
    assert_eq!(error["title"], "not blank constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/activityTargets/data");
    let bare = json!({"data": {"type": "notes", "attributes": {"message": "Hi"}}});
    let error = client.post("/admin/api/notes", &bare).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/activityTargets/data");
    assert_eq!(post(client, " ", &[customer]).expect(400).error()["source"]["pointer"], "/data/attributes/message");
    // It may come with the record that it is about.
    let body = json!({
        "data": {
            "type": "customers", "attributes": {"name": "Birch"}, "relationships": {"activityNotes": many("notes", &["n"])},
        },
        "included": [{"type": "notes", "id": "n", "attributes": {"message": "New"}}],
    });
    let made = client.post("/admin/api/customers?include=activityNotes", &body).expect(201).json();
    assert_eq!(made["included"][0]["relationships"]["activityTargets"]["data"][0]["id"], made["data"]["id"]);
    // And bring it along.
    let body = json!({
        "data": {
            "type": "notes", "attributes": {"message": "New"}, "relationships": {"activityTargets": many("customers", &["c"])},
        },
        "included": [{"type": "customers", "id": "c", "attributes": {"name": "Corner"}}],
    });
    let made = client.post("/admin/api/notes", &body).expect(201).json();
    assert_eq!(made["included"][0]["id"], made["data"]["relationships"]["activityTargets"]["data"][0]["id"]);
    // The pieces that hold the links are nobody's business.
    let mut inside = body;
    inside["data"]["relationships"]["activityTargets.customers"] = json!({"data": []});
    assert_eq!(client.post("/admin/api/notes", &inside).expect(400).error()["title"], "extra fields constraint");
}

/// "Filter on a polymorphic association: the part after the dot is the resource type."
#[test]
fn notes_are_found_by_what_they_are_about() {
    let (shop, [customer, list, product]) = shop();
    let client = shop.client();
    let first = post(client, "1", &[customer.clone(), product.clone()]).expect(201).id();
    let second = post(client, "2", std::slice::from_ref(&list)).expect(201).id();
    let found = |filter: &str| -> Vec<String> {
        let list = client.get(&format!("/admin/api/notes?{filter}")).expect(200).json();
        seen(&list["data"]).into_iter().map(|(_, id)| id).collect()
    };
    let id = |target: &Value| target["id"].as_str().unwrap().to_owned();
    assert_eq!(found(&format!("filter[activityTargets.customers]={}", id(&customer))), [first.as_str()]);
    assert_eq!(found(&format!("filter[activityTargets][pricelists]={},999999999", id(&list))), [second.as_str()]);
    assert_eq!(found(&format!("filter[activityTargets.customers][neq]={}", id(&customer))), [second.as_str()]);
    assert_eq!(found("filter[activityTargets.products][exists]=true"), [first.as_str()]);
    assert_eq!(found("filter[activityTargets.products][exists]=false"), [second.as_str()]);
    assert_eq!(found("filter[activityTargets.customers.name]=Atlas"), [first.as_str()]);
    assert_eq!(found("filter[activityTargets.products.status]=disabled"), [] as [&str; 0]);
    for wrong in
        ["filter[activityTargets]=1", "filter[activityTargets.countries]=DE", "filter[activityTargets.customers.x]=1"]
    {
        let error = client.get(&format!("/admin/api/notes?{wrong}")).expect(400).error();
        assert!(error["detail"].as_str().unwrap().starts_with("The filter is not supported."), "{wrong}");
    }
}

/// "Setting a relationship to an entity the user cannot VIEW -> 403 `access granted constraint` with pointer"; "Lists,
/// includes and to-many relationships are filtered silently to what the user may VIEW."
#[test]
fn a_note_shows_no_more_than_its_reader_may_view() {
    let (shop, [customer, _, product]) = shop();
    let level = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization"});
    let clerk = shop.organization.user_who_may(&json!({"notes": level, "customers": {"VIEW": "organization"}}));
    let error = post(&clerk.client, "Hi", &[customer.clone(), product.clone()]).expect(403).error();
    assert_eq!(error["title"], "access granted constraint");
    assert_eq!(error["source"]["pointer"], "/data/relationships/activityTargets/data/1");
    let note = post(shop.client(), "Hi", &[customer.clone(), product.clone()]).expect(201).id();
    let shown = clerk.client.get(&format!("/admin/api/notes/{note}?include=activityTargets")).expect(200).json();
    assert_eq!(
        seen(&shown["data"]["relationships"]["activityTargets"]["data"]),
        pairs(std::slice::from_ref(&customer))
    );
    assert_eq!(seen(&shown["included"]), pairs(std::slice::from_ref(&customer)));
    let path = format!("/admin/api/notes/{note}/activityTargets");
    assert_eq!(seen(&clerk.client.get(&path).expect(200).json()["data"]), pairs(std::slice::from_ref(&customer)));
    let id = product["id"].as_str().unwrap();
    let by_hidden = clerk.client.get(&format!("/admin/api/notes?filter[activityTargets.products]={id}")).expect(200);
    assert_eq!(by_hidden.json()["data"], json!([]));

    let own =
        shop.organization.user_who_may(&json!({"notes": {"VIEW": "user"}, "customers": {"VIEW": "organization"}}));
    own.client.get(&path).expect(403);
    let of_customer = format!("/admin/api/customers/{}/activityNotes", shop.customer);
    assert_eq!(own.client.get(&of_customer).expect(200).json()["data"], json!([]));
    post(&own.client, "Hi", &[customer]).expect(403);
}

/// "activityTargets": required
#[test]
fn a_note_keeps_the_last_record_that_it_is_about() {
    let (shop, [customer, _, product]) = shop();
    let client = shop.client();
    let note = post(client, "Hi", &[customer.clone(), product.clone()]).expect(201).id();
    let route = format!("/admin/api/notes/{note}/relationships/activityTargets");
    let of_product = format!("/admin/api/products/{}/relationships/activityNotes", product["id"].as_str().unwrap());
    let itself = [identifier("notes", &note)];
    change(client, Method::DELETE, &route, std::slice::from_ref(&customer)).expect(204);
    for answer in [
        change(client, Method::DELETE, &of_product, &itself),
        change(client, Method::PATCH, &of_product, &[]),
        change(client, Method::DELETE, &route, std::slice::from_ref(&product)),
        change(client, Method::PATCH, &route, &[]),
    ] {
        let error = answer.expect(400).error();
        assert_eq!(error["title"], "count constraint");
        let detail = "The list \"activityTargets\" of \"notes\" should contain 1 element or more.";
        assert_eq!(error["detail"], detail);
        assert_eq!(seen(&client.get(&route).expect(200).json()["data"]), pairs(std::slice::from_ref(&product)));
    }
    change(client, Method::PATCH, &route, std::slice::from_ref(&customer)).expect(204);
}

/// To take a note away from a record, or to give it one, changes the note: it takes EDIT on it. A hidden note stays.
#[test]
fn a_note_is_taken_away_by_who_may_edit_it() {
    let (shop, [customer, _, product]) = shop();
    let note = post(shop.client(), "Hi", &[customer.clone(), product.clone()]).expect(201).id();
    let route = format!("/admin/api/notes/{note}/relationships/activityTargets");
    let about = || seen(&shop.client().get(&route).expect(200).json()["data"]);
    let of_product = format!("/admin/api/products/{}/relationships/activityNotes", product["id"].as_str().unwrap());
    let itself = [identifier("notes", &note)];
    let may = json!({"VIEW": "organization", "EDIT": "organization"});
    let blind = shop.organization.user_who_may(&json!({"products": may})).client;
    let reader = shop.organization.user_who_may(&json!({"products": may, "notes": {"VIEW": "organization"}})).client;
    let editor = shop.organization.user_who_may(&json!({"products": may, "notes": may})).client;
    for (method, data) in [(Method::DELETE, &itself[..]), (Method::PATCH, &[])] {
        change(&blind, method.clone(), &of_product, data).expect(204);
        let error = change(&reader, method, &of_product, data).expect(403).error();
        assert_eq!(error["detail"], "No access by \"EDIT\" permission to the entity.");
        assert_eq!(about(), pairs(&[customer.clone(), product.clone()]));
    }
    change(&editor, Method::DELETE, &of_product, &itself).expect(204);
    assert_eq!(about(), pairs(std::slice::from_ref(&customer)));
    change(&reader, Method::POST, &of_product, &itself).expect(403);
    change(&editor, Method::POST, &of_product, &itself).expect(204);
}

#[test]
fn a_record_leaves_its_notes_and_a_note_its_records() {
    let (shop, [_, list, product]) = shop();
    let client = shop.client();
    let note = post(client, "Hi", &[list.clone(), product.clone()]).expect(201).id();
    client.delete(&format!("/admin/api/pricelists/{}", list["id"].as_str().unwrap())).expect(204);
    let path = format!("/admin/api/notes/{note}");
    let left = client.get(&path).expect(200).json()["data"]["relationships"]["activityTargets"]["data"].clone();
    assert_eq!(seen(&left), pairs(std::slice::from_ref(&product)));
    client.delete(&path).expect(204);
    client.get(&format!("/admin/api/products/{}", product["id"].as_str().unwrap())).expect(200);
}

#[derive(diesel::QueryableByName)]
struct Fields {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    fields: Value,
}

/// The members that the note's last change row names.
fn last_change(organization: &Organization, note: &str) -> Value {
    use diesel::prelude::*;
    let rows: Vec<Fields> = organization.write(|conn| {
        let query = "SELECT fields FROM change WHERE organization_id = $1 AND resource = 'notes' AND record_id = $2 \
                     ORDER BY id DESC LIMIT 1";
        let query = diesel::sql_query(query).bind::<diesel::sql_types::BigInt, _>(organization.id());
        Ok(query.bind::<diesel::sql_types::Text, _>(note).load(conn)?)
    });
    rows.into_iter().next().unwrap().fields
}

#[test]
fn a_note_says_who_changed_it_last() {
    let (shop, [customer, _, product]) = shop();
    let level = json!({"VIEW": "organization", "EDIT": "organization"});
    let clerk = shop.organization.user_who_may(&json!({"notes": level, "products": level, "customers": level}));
    let note = post(shop.client(), "Hi", &[customer]).expect(201).id();
    let path = format!("/admin/api/notes/{note}");
    let by = || shop.client().get(&path).expect(200).json()["data"]["relationships"]["updatedBy"]["data"]["id"].clone();
    let admin = json!(shop.organization.admin.id.to_string());
    assert_eq!(by(), admin);
    let say = |message: &str| json!({"data": {"type": "notes", "id": note, "attributes": {"message": message}}});
    clerk.client.patch(&path, &say("Hi")).expect(200);
    assert_eq!(by(), admin, "nothing has changed");
    clerk.client.patch(&path, &say("Hello")).expect(200);
    assert_eq!(by(), json!(clerk.id.to_string()));
    assert_eq!(last_change(&shop.organization, &note), json!(["message", "updatedBy"]));
    let route = format!("{path}/relationships/activityTargets");
    change(shop.client(), Method::POST, &route, &[product]).expect(204);
    assert_eq!(by(), admin);
    assert_eq!(last_change(&shop.organization, &note), json!(["activityTargets", "updatedBy"]));
    let stated = json!({"data": {"type": "notes", "id": note, "relationships": {"updatedBy": one("users", &clerk.id.to_string())}}});
    shop.client().patch(&path, &stated).expect(200);
    assert_eq!(by(), json!(clerk.id.to_string()));
}
