//! Customer users who look after others: nobody gives more than they hold.

use reqwest::Method;
use serde_json::{Value, json};

use super::{World, ids};
use crate::spec::atomic::ATOMIC;
use crate::support::client::Client;
use crate::support::organization::{customer_user_permissions, unique};
use crate::support::shop::{many, one};

fn role(world: &World, permissions: &Value) -> String {
    let attributes = json!({"label": unique("Role"), "permissions": permissions});
    world.shop.create("customeruserroles", &attributes, &json!({}))
}

fn new_user(client: &Client, role: &str, relationships: &Value) -> crate::support::client::Answer {
    let email = format!("{}@example.org", unique("colleague"));
    let mut all = json!({"userRoles": many("customeruserroles", &[role])});
    for (name, linkage) in relationships.as_object().unwrap() {
        all[name] = linkage.clone();
    }
    let attributes = json!({"email": email, "firstName": "New", "lastName": "User", "password": "a long password"});
    client.post(
        "/api/customerusers",
        &json!({"data": {"type": "customerusers", "attributes": attributes, "relationships": all}}),
    )
}

/// "owner and customer set from context": a new user buys for the caller's customer, and can log in.
#[test]
fn a_customer_user_makes_colleagues() {
    let world = World::new();
    let client = world.caller(&customer_user_permissions("division")).0.client;
    let role = role(&world, &json!({"orders": {"VIEW": "department"}}));
    let made = new_user(&client, &role, &json!({})).expect(201).json();
    assert_eq!(made["data"]["relationships"]["customer"]["data"]["id"], world.top.id("customers"));
    assert_eq!(made["data"]["attributes"]["enabled"], true);
    assert_eq!(made["data"]["attributes"].get("password"), None);
    let id = made["data"]["id"].as_str().unwrap();
    let seen = world.shop.client().get(&format!("/admin/api/customerusers/{id}?include=owner")).expect(200).json();
    let customer = world.shop.client().get(&format!("/admin/api/customers/{}", world.top.id("customers")));
    assert_eq!(
        seen["data"]["relationships"]["owner"]["data"],
        customer.expect(200).json()["data"]["relationships"]["owner"]["data"],
        "the back office's user who looks after the customer looks after its users"
    );
    // Members that the storefront does not have do nothing.
    let body = json!({"data": {"type": "customerusers", "id": id,
        "attributes": {"enabled": false, "isGuest": true, "passwordChangedAt": "2000-01-01T00:00:00Z", "password": "another password"}}});
    let before = world.shop.attributes("customerusers", id);
    let answer = client.patch(&format!("/api/customerusers/{id}"), &body);
    assert!([200, 400].contains(&answer.status), "{}", answer.text);
    assert_eq!(world.shop.attributes("customerusers", id), before);
}

/// "Nobody can give a role or a user more than they hold, nor edit a user who holds more (403)."
#[test]
fn nobody_gives_more_than_they_hold() {
    let world = World::new();
    let mut permissions = customer_user_permissions("department");
    permissions["orders"] = json!({"VIEW": "user"});
    permissions.as_object_mut().unwrap().remove("*");
    for kind in ["customers", "customerusers", "customeruserroles"] {
        permissions[kind] = customer_user_permissions("department")["*"].clone();
    }
    let (user, _) = world.caller(&permissions);
    let (modest, greedy) =
        (role(&world, &json!({"orders": {"VIEW": "user"}})), role(&world, &json!({"orders": {"VIEW": "department"}})));
    new_user(&user.client, &modest, &json!({})).expect(201);
    new_user(&user.client, &greedy, &json!({})).expect(403);
    new_user(&user.client, &modest, &json!({"customer": one("customers", world.branch.id("customers"))})).expect(403);
    // Not to oneself either, by any route.
    let body = json!({"data": [{"type": "customeruserroles", "id": greedy}]});
    for id in [user.id.to_string(), "mine".to_owned()] {
        user.client.post(&format!("/api/customerusers/{id}/relationships/userRoles"), &body).expect(403);
    }
    // A colleague who holds more is out of reach.
    let admin = world.caller(&customer_user_permissions("division")).0;
    let rename = |id: i64| json!({"data": {"type": "customerusers", "id": id.to_string(), "attributes": {"email": "taken@example.org"}}});
    user.client.patch(&format!("/api/customerusers/{}", admin.id), &rename(admin.id)).expect(403);
    user.client.delete(&format!("/api/customerusers/{}", admin.id)).expect(403);
    admin.client.patch(&format!("/api/customerusers/{}", world.top.user), &rename(world.top.user)).expect(200);
    admin.client.delete(&format!("/api/customerusers/{}", admin.id)).expect(403);
    admin.client.delete(&format!("/api/customerusers/{}", world.branch.user)).expect(403);
    let spare = new_user(&admin.client, &modest, &json!({})).expect(201).id();
    admin.client.delete(&format!("/api/customerusers/{spare}")).expect(204);
}

/// "storefront accepts `mine` as id of the current customer / customer user".
#[test]
fn mine_is_the_callers_own() {
    let world = World::new();
    let (user, own) = world.caller(&customer_user_permissions("user"));
    let mine = user.client.get("/api/customerusers/mine?include=addresses").expect(200).json();
    assert_eq!(mine["data"]["id"], user.id.to_string());
    assert_eq!(mine["included"][0]["id"], own.id("customeruseraddresses"));
    assert_eq!(ids(&user.client, "/api/customerusers/mine/addresses").len(), 1);
    let body =
        json!({"data": {"type": "customerusers", "id": user.id.to_string(), "attributes": {"firstName": "Ada"}}});
    let changed = user.client.patch("/api/customerusers/mine", &body).expect(200).json();
    assert_eq!(changed["data"]["attributes"]["firstName"], "Ada");
    let update = json!({"op": "update", "href": "/api/customerusers/mine", "data": body["data"]});
    let answer = user.client.send(Method::POST, "/api/operations", |request| {
        let document = json!({"atomic:operations": [update]}).to_string();
        request.header("Content-Type", ATOMIC).header("Accept", ATOMIC).body(document)
    });
    assert_eq!(answer.expect(200).json()["atomic:results"][0]["data"]["id"], user.id.to_string());
    user.client.get("/api/customers/mine").expect(403);
    user.client.get("/api/orders/mine").expect(400);
    // The change row names the customer user who made it.
    let rows = world.shop.organization.write(|conn| {
        use diesel::prelude::*;
        let who = "customer_user_id = $1 AND user_id IS NULL AND resource = 'customerusers'";
        Ok(diesel::sql_query(format!("SELECT 1 FROM change WHERE {who}"))
            .bind::<diesel::sql_types::BigInt, _>(user.id)
            .execute(conn)?)
    });
    assert_eq!(rows, 1);
}
