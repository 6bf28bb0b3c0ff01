//! What customer users see and change: levels along the tree of customers, and nothing of anybody else's.

use reqwest::Method;
use serde_json::{Value, json};

use super::{World, ids, sorted};
use crate::support::client::Client;
use crate::support::organization::customer_user_permissions;
use crate::support::shop::one;

/// Types and the type whose permission decides, with what the level `user` reaches.
const TYPES: [(&str, &str, bool); 6] = [
    ("customers", "customers", false),
    ("customerusers", "customerusers", true),
    ("customeraddresses", "customeraddresses", false),
    ("customeruseraddresses", "customerusers", true),
    ("orders", "orders", true),
    ("orderlineitems", "orders", true),
];

/// "levels user / own customer ("department": LOCAL) / customer and children (DEEP) / none".
#[test]
fn each_level_reaches_its_part_of_the_tree() {
    let world = World::new();
    for (kind, deciding, personal) in TYPES {
        for level in ["none", "user", "department", "division"] {
            let mut permissions = json!({});
            permissions[deciding] = json!({"VIEW": level});
            let (user, own) = world.caller(&permissions);
            let path = format!("/api/{kind}?page[size]=-1");
            if level == "none" || (level == "user" && !personal) {
                let error = user.client.get(&path).expect(403).error();
                assert_eq!(error["detail"], "No access to this type of entities.", "{kind} {level}");
                continue;
            }
            let found = ids(&user.client, &path);
            let sees = |id: &str| found.iter().any(|found| found == id);
            assert!(sees(own.id(kind)), "{kind} {level}");
            assert_eq!(sees(world.top.id(kind)), level != "user" || !personal, "{kind} {level}");
            assert_eq!(sees(world.branch.id(kind)), level == "division", "{kind} {level}");
            assert!(!sees(world.foreign.id(kind)), "{kind} {level}");
        }
    }
}

fn powerful(world: &World) -> Client {
    world.caller(&customer_user_permissions("division")).0.client
}

/// Nothing of another customer is visible: "single hidden entity is 403 `No access to the entity.`"
#[test]
fn foreign_ids_are_refused_on_every_route() {
    let world = World::new();
    let client = powerful(&world);
    let routes = [
        ("customers", "users"),
        ("customerusers", "userRoles"),
        ("customeraddresses", "customer"),
        ("customeruseraddresses", "customerUser"),
        ("orders", "lineItems"),
        ("orderlineitems", "orders"),
        ("orderaddresses", "country"),
    ];
    for (kind, association) in routes {
        let (own, foreign) = (world.branch.id(kind), world.foreign.id(kind));
        for path in [
            format!("/api/{kind}/ID"),
            format!("/api/{kind}/ID/{association}"),
            format!("/api/{kind}/ID/relationships/{association}"),
        ] {
            client.get(&path.replace("ID", own)).expect(200);
            let refused = client.get(&path.replace("ID", foreign)).expect(403);
            assert_eq!(refused.error()["title"], "access denied exception", "{path}");
            assert!(!refused.text.contains("Customer-"), "{}", refused.text);
        }
    }
}

/// "Lists, includes and to-many relationships are filtered silently"; totals count what is visible.
#[test]
fn foreign_records_show_in_no_list_include_filter_sort_or_total() {
    let world = World::new();
    let client = powerful(&world);
    for (kind, ..) in TYPES {
        let foreign = world.foreign.id(kind);
        let path = format!("/api/{kind}?page[size]=-1");
        let count = |path: &str| {
            let answer = client.send(Method::GET, path, |request| request.header("X-Include", "totalCount"));
            let answer = answer.expect(200);
            let rows = answer.json()["data"].as_array().unwrap().len();
            assert_eq!(answer.header("X-Include-Total-Count"), rows.to_string(), "{path}");
            rows
        };
        assert!(count(&path) >= 2, "{kind}");
        assert_eq!(count(&format!("{path}&filter[id]={foreign}")), 0, "{kind}");
        assert!(count(&format!("{path}&filter[id][neq]={foreign}")) >= 2, "{kind}");
        assert!(!ids(&client, &format!("{path}&sort=-id")).contains(&foreign.to_owned()), "{kind}");
    }
    let (customer, user) = (world.foreign.id("customers"), world.foreign.id("customerusers"));
    for path in [
        format!("/api/orders?filter[customer]={customer}"),
        format!("/api/orders?filter[customerUser]={user}"),
        format!("/api/orders?filter[customer.users]={user}"),
        format!("/api/orderlineitems?filter[orders]={}", world.foreign.id("orders")),
        format!("/api/orderlineitems?filter[orders.customer]={customer}"),
        format!("/api/customerusers?filter[customer]={customer}"),
        format!("/api/customers?filter[users]={user}"),
        format!("/api/customeraddresses?filter[customer]={customer}"),
        format!("/api/customeruseraddresses?filter[customerUser]={user}"),
    ] {
        assert_eq!(ids(&client, &path), Vec::<String>::new(), "{path}");
        let own = path.replace(customer, world.branch.id("customers")).replace(user, world.branch.id("customerusers"));
        let own = own.replace(world.foreign.id("orders"), world.branch.id("orders"));
        assert_eq!(ids(&client, &own).len(), 1, "{own}");
    }
    let with_all = "/api/customers?include=users,addresses,children,parent,users.addresses,users.userRoles,group";
    let text = client.get(with_all).expect(200).json();
    for id in [customer, user] {
        let hidden = json!(id);
        let all =
            text["data"].as_array().into_iter().flatten().chain(text["included"].as_array().into_iter().flatten());
        let same =
            |item: &&Value| item["id"] == hidden && (item["type"] == "customers" || item["type"] == "customerusers");
        assert_eq!(all.filter(same).count(), 0, "{id}");
    }
}

/// A customer above the caller's own is hidden, and so is its name.
#[test]
fn the_customer_above_is_hidden() {
    let world = World::new();
    let user = world.shop.organization.customer_user(world.branch.customer, &customer_user_permissions("division"));
    let mine = user.client.get("/api/customers/mine?include=parent").expect(200).json();
    assert_eq!(mine["data"]["id"], world.branch.id("customers"));
    assert_eq!(mine["data"]["relationships"]["parent"]["data"], Value::Null);
    assert_eq!(ids(&user.client, "/api/customers"), sorted(&[world.branch.id("customers")]));
    user.client.get(&format!("/api/customers/{}", world.top.id("customers"))).expect(403);
}

/// Changes of what belongs to others are refused, and so is linking to it.
#[test]
fn foreign_records_cannot_be_written_or_linked() {
    let world = World::new();
    let client = powerful(&world);
    for kind in ["customerusers", "customeraddresses", "customeruseraddresses"] {
        let path = |id: &str| format!("/api/{kind}/{id}");
        let patch = |id: &str| json!({"data": {"type": kind, "id": id, "attributes": {"firstName": "Other"}}});
        let (own, foreign) = (world.branch.id(kind), world.foreign.id(kind));
        client.patch(&path(own), &patch(own)).expect(200);
        client.patch(&path(foreign), &patch(foreign)).expect(403);
        client.delete(&path(foreign)).expect(403);
        client.send(Method::DELETE, &format!("/api/{kind}?filter[id]={foreign}"), |request| request).expect(204);
        let still = world.shop.attributes(kind, foreign);
        assert_ne!(still["firstName"], "Other", "{kind}");
    }
    let address = json!({"street": "1", "city": "C", "postalCode": "1", "firstName": "A", "lastName": "B"});
    let relationships = |name: &str, kind: &str, id: &str| {
        let mut all = json!({"country": one("countries", "US"), "region": one("regions", "US-CA")});
        all[name] = one(kind, id);
        all
    };
    for (kind, name, target) in
        [("customeraddresses", "customer", "customers"), ("customeruseraddresses", "customerUser", "customerusers")]
    {
        let post = |id: &str| {
            let data = json!({"type": kind, "attributes": address, "relationships": relationships(name, target, id)});
            client.post(&format!("/api/{kind}"), &json!({"data": data}))
        };
        post(world.branch.id(target)).expect(201);
        post(world.foreign.id(target)).expect(403);
    }
    let moved = json!({"data": {
        "type": "customerusers", "id": world.branch.id("customerusers"),
        "relationships": {"customer": one("customers", world.foreign.id("customers"))},
    }});
    client.patch(&format!("/api/customerusers/{}", world.branch.id("customerusers")), &moved).expect(403);
}

/// Roles of other customers are nobody's business; those without a customer are everybody's.
#[test]
fn roles_of_other_customers_are_hidden() {
    let world = World::new();
    let role = |label: &str, customer: Option<&str>, public: bool| {
        let mut relationships = json!({});
        if let Some(customer) = customer {
            relationships["customer"] = one("customers", customer);
        }
        world.shop.create("customeruserroles", &json!({"label": label, "public": public}), &relationships)
    };
    let shared = role("Shared", None, true);
    let own = role("Own", Some(world.branch.id("customers")), true);
    let hidden = [role("Foreign", Some(world.foreign.id("customers")), true), role("Secret", None, false)];
    let client = powerful(&world);
    let seen = ids(&client, "/api/customeruserroles?page[size]=-1");
    assert!(seen.contains(&shared) && seen.contains(&own));
    for id in hidden {
        assert!(!seen.contains(&id));
        client.get(&format!("/api/customeruserroles/{id}")).expect(403);
        let user = world.branch.id("customerusers");
        let body = json!({"data": [{"type": "customeruserroles", "id": id}]});
        client.post(&format!("/api/customerusers/{user}/relationships/userRoles"), &body).expect(403);
    }
    let groups = world.shop.create("customergroups", &json!({"name": "Foreigners"}), &json!({}));
    let link = json!({"data": {"type": "customers", "id": world.foreign.id("customers"),
        "relationships": {"group": one("customergroups", &groups)}}});
    world.shop.client().patch(&format!("/admin/api/customers/{}", world.foreign.id("customers")), &link).expect(200);
    assert_eq!(ids(&client, "/api/customergroups"), Vec::<String>::new());
}
