//! What a caller may not see shows nowhere: not behind relationships, in includes, counts, filters or sorts.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::{Organization, User, unique};

/// An order that the caller sees, of a customer that the caller does not see.
struct World {
    organization: Organization,
    caller: User,
    hidden: String,
    hidden_name: String,
    seen: String,
    parent_of_both: String,
}

impl World {
    fn new() -> World {
        let organization = Organization::new();
        let caller = organization.user_who_may(&json!({"customers": {"VIEW": "user", "EDIT": "user"}}));
        let admin = organization.client();
        let owner = |id: i64| json!({"data": {"type": "users", "id": id.to_string()}});
        let parent_of_both = customer(admin, &unique("Parent"), &json!({"owner": owner(caller.id)}));
        let parent = json!({"data": {"type": "customers", "id": parent_of_both}});
        let hidden_name = unique("Hidden");
        let hidden = customer(admin, &hidden_name, &json!({"owner": owner(organization.admin.id), "parent": parent}));
        let of_hidden = json!({"data": {"type": "customers", "id": hidden}});
        let seen = customer(admin, &unique("Seen"), &json!({"owner": owner(caller.id), "parent": of_hidden}));
        World { organization, caller, hidden, hidden_name, seen, parent_of_both }
    }

    fn get(&self, path: &str) -> Value {
        self.caller.client.get(path).expect(200).json()
    }
}

fn customer(client: &Client, name: &str, relationships: &Value) -> String {
    let data = json!({"type": "customers", "attributes": {"name": name}, "relationships": relationships});
    client.post("/admin/api/customers", &json!({"data": data})).expect(201).id()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// "To-one relationships to hidden entities appear as `data: null`."
#[test]
fn a_hidden_to_one_is_null() {
    let world = World::new();
    let (seen, hidden) = (&world.seen, &world.hidden);
    let item = world.get(&format!("/admin/api/customers/{seen}?include=parent"));
    assert_eq!(item["data"]["relationships"]["parent"]["data"], Value::Null);
    assert_eq!(item["included"], json!([]));
    assert_eq!(world.get(&format!("/admin/api/customers/{seen}/relationships/parent"))["data"], Value::Null);
    assert_eq!(world.get(&format!("/admin/api/customers/{seen}/parent"))["data"], Value::Null);
    // The owner, where users cannot be seen at all.
    assert_eq!(item["data"]["relationships"]["owner"]["data"], Value::Null);
    let full = world.organization.client().get(&format!("/admin/api/customers/{seen}")).expect(200).json();
    assert_eq!(full["data"]["relationships"]["parent"]["data"]["id"], hidden.as_str());
}

/// "Lists, includes and to-many relationships are filtered silently to what the user may VIEW."
#[test]
fn hidden_records_are_left_out_of_to_many_and_counts() {
    let world = World::new();
    let parent = &world.parent_of_both;
    let item = world.get(&format!("/admin/api/customers/{parent}?include=children"));
    assert_eq!(item["data"]["relationships"]["children"]["data"], json!([]));
    assert_eq!(item["included"], json!([]));
    assert_eq!(world.get(&format!("/admin/api/customers/{parent}/children"))["data"], json!([]));
    let counted = world
        .caller
        .client
        .send(reqwest::Method::GET, "/admin/api/customers", |request| request.header("X-Include", "totalCount"));
    assert_eq!(ids(&counted.json()).len(), 2, "{}", counted.text);
    assert_eq!(counted.header("X-Include-Total-Count"), "2");
    world.caller.client.get(&format!("/admin/api/customers/{}/children", world.hidden)).expect(403);
}

/// A filter or a sort through a hidden record would tell its values.
#[test]
fn hidden_records_cannot_be_guessed_by_filters() {
    let world = World::new();
    let (name, hidden) = (&world.hidden_name, &world.hidden);
    for filter in [
        format!("filter[name]={name}"),
        format!("filter[id]={hidden}"),
        format!("filter[parent]={hidden}"),
        format!("filter[parent.name]={name}"),
        format!("filter[children]={hidden}"),
        format!("filter[children.name]={name}"),
        format!("filter[owner.username]={}", world.organization.admin.username),
        format!("filter[children.owner.username]={}", world.organization.admin.username),
    ] {
        let path = format!("/admin/api/customers?{filter}");
        let answer = world.caller.client.get(&path);
        if answer.status == 400 {
            // A filter that does not exist tells nothing either; the administrator must agree.
            world.organization.client().get(&path).expect(400);
            continue;
        }
        assert_eq!(ids(&answer.expect(200).json()), Vec::<&str>::new(), "{filter}");
        assert!(!ids(&world.organization.client().get(&path).expect(200).json()).is_empty(), "{filter}");
    }
}

/// "Setting a relationship to an entity the user cannot VIEW -> 403 `access granted constraint` with pointer."
#[test]
fn a_hidden_record_cannot_be_linked() {
    let world = World::new();
    let seen = &world.seen;
    let link = json!({"data": {"type": "customers", "id": world.hidden}});
    let document = json!({"data": {"type": "customers", "id": seen, "relationships": {"parent": link}}});
    // It points there already: another hidden one is needed.
    let other = customer(world.organization.client(), &unique("Hidden"), &json!({}));
    let mut changed = document;
    changed["data"]["relationships"]["parent"]["data"]["id"] = json!(other);
    let answer = world.caller.client.patch(&format!("/admin/api/customers/{seen}"), &changed).expect(403);
    assert_eq!(answer.error()["title"], "access granted constraint");
    assert_eq!(answer.error()["detail"], "The \"VIEW\" permission is denied for the related resource.");
    assert_eq!(answer.error()["source"]["pointer"], "/data/relationships/parent/data");
    let relationship = format!("/admin/api/customers/{seen}/relationships/parent");
    let linkage = json!({"data": {"type": "customers", "id": other}});
    world.caller.client.patch(&relationship, &linkage).expect(403);
    let now = world.organization.client().get(&relationship).expect(200).json();
    assert_eq!(now["data"]["id"], world.hidden.as_str());
}

/// Nothing crosses organizations: for a stranger the record does not exist, whatever the stranger may do at home.
#[test]
fn another_organizations_records_do_not_exist() {
    let world = World::new();
    let stranger = Organization::new();
    let client = stranger.client();
    let (id, name) = (&world.seen, &world.hidden_name);
    client.get(&format!("/admin/api/customers/{id}")).expect(404);
    client.get(&format!("/admin/api/customers/{id}/parent")).expect(404);
    client.get(&format!("/admin/api/customers/{id}/relationships/children")).expect(404);
    client.delete(&format!("/admin/api/customers/{id}")).expect(404);
    client.delete(&format!("/admin/api/customers?filter[id]={id}")).expect(204);
    for filter in [format!("filter[id]={id}"), format!("filter[name]={name}"), format!("filter[parent]={id}")] {
        let list = client.get(&format!("/admin/api/customers?{filter}")).expect(200).json();
        assert_eq!(list["data"], json!([]), "{filter}");
    }
    let parent = json!({"parent": {"data": {"type": "customers", "id": id}}});
    let data = json!({"type": "customers", "attributes": {"name": "x"}, "relationships": parent});
    let refused = client.post("/admin/api/customers", &json!({"data": data}));
    assert!(matches!(refused.status, 400..=404), "{}", refused.text);
    let user = world.organization.admin.id;
    client.get(&format!("/admin/api/users/{user}")).expect(404);
    client.get(&format!("/admin/api/organizations/{}", world.organization.id())).expect(404);
    assert_eq!(ids(&client.get("/admin/api/organizations").expect(200).json()), [stranger.id().to_string()]);
    // It is all still there.
    world.organization.client().get(&format!("/admin/api/customers/{id}")).expect(200);
}
