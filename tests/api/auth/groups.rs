//! Groups of users: their members hold their roles.

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, User, unique};
use crate::support::shop::many;

const ORDERS: &str = "/admin/api/orders";

/// The id of a role that permits that.
fn role(organization: &Organization, permissions: &Value) -> String {
    let name = organization.role(permissions);
    let found = organization.client().get(&format!("/admin/api/userroles?filter[role]={name}")).expect(200).json();
    found["data"][0]["id"].as_str().unwrap().to_owned()
}

fn post_group(client: &Client, roles: &[&str]) -> Answer {
    let data = json!({
        "type": "usergroups",
        "attributes": {"name": unique("group")},
        "relationships": {"roles": many("userroles", roles)},
    });
    client.post("/admin/api/usergroups", &json!({"data": data}))
}

fn set_groups(client: &Client, user: &User, groups: &[&str]) -> Answer {
    client.patch(&format!("/admin/api/users/{}/relationships/groups", user.id), &many("usergroups", groups))
}

fn set_roles(client: &Client, group: &str, roles: &[&str]) -> Answer {
    client.patch(&format!("/admin/api/usergroups/{group}/relationships/roles"), &many("userroles", roles))
}

fn denied(answer: Answer) {
    let answer = answer.expect(403);
    assert_eq!(answer.error()["title"], "access denied exception", "{}", answer.text);
}

#[test]
fn members_hold_the_roles_of_their_groups() {
    let organization = Organization::new();
    let admin = organization.client();
    let viewing = role(&organization, &json!({"orders": {"VIEW": "organization"}}));
    let group = post_group(admin, &[&viewing]).expect(201).id();
    let user = organization.user_who_may(&json!({"usergroups": {"VIEW": "organization"}}));
    user.client.get(ORDERS).expect(403);
    set_groups(admin, &user, &[&group]).expect(204);
    user.client.get(ORDERS).expect(200);
    set_roles(admin, &group, &[]).expect(204);
    user.client.get(ORDERS).expect(403);
    set_roles(admin, &group, &[&viewing]).expect(204);
    user.client.get(ORDERS).expect(200);
    let list = admin.get(&format!("/admin/api/users?filter[groups]={group}&include=groups.roles")).expect(200).json();
    assert_eq!(list["data"][0]["id"], json!(user.id.to_string()));
    let kinds: Vec<&str> = list["included"].as_array().unwrap().iter().filter_map(|one| one["type"].as_str()).collect();
    assert_eq!(kinds, ["usergroups", "userroles"]);
    let profile = user.client.get("/admin/api/userprofile").expect(200).json();
    assert_eq!(profile["data"]["relationships"]["groups"], many("usergroups", &[&group]));

    denied(admin.delete(&format!("/admin/api/usergroups/{group}")));
    let held = admin.delete(&format!("/admin/api/userroles/{viewing}")).expect(403).error();
    assert!(held["detail"].as_str().unwrap().contains(&format!("the user {} holds the role", user.id)), "{held}");
    set_groups(admin, &user, &[]).expect(204);
    user.client.get(ORDERS).expect(403);
    admin.delete(&format!("/admin/api/usergroups/{group}")).expect(204);
}

/// "Nobody can give a role or a user more than they hold", by way of a group neither.
#[test]
fn a_group_is_no_way_above_oneself() {
    let organization = Organization::new();
    let admin = organization.client();
    let all = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization"});
    let clerk =
        organization.user_who_may(&json!({"usergroups": all, "users": all, "userroles": {"VIEW": "organization"}}));
    let administrators = organization.first.administrator_role.to_string();
    let seeing = role(&organization, &json!({"users": {"VIEW": "organization"}}));
    denied(post_group(&clerk.client, &[&administrators]));
    let own = post_group(&clerk.client, &[&seeing]).expect(201).id();
    set_groups(&clerk.client, &clerk, &[&own]).expect(204);
    denied(set_roles(&clerk.client, &own, &[&administrators]));
    let above = post_group(admin, &[&administrators]).expect(201).id();
    denied(set_groups(&clerk.client, &clerk, &[&above]));
    // To take a role away takes what giving it takes, and so does touching the roles of a member above.
    denied(set_roles(&clerk.client, &above, &[]));
    set_groups(admin, &organization.admin, &[&own]).expect(204);
    denied(set_roles(&clerk.client, &own, &[]));
    // Permissions that a role gains reach the members of its groups.
    let body = json!({"data": {"type": "userroles", "id": seeing, "attributes": {"permissions": {"*": {"VIEW": "organization"}}}}});
    admin.patch(&format!("/admin/api/userroles/{seeing}"), &body).expect(200);
    clerk.client.get(ORDERS).expect(200);
}

/// An administrator may be one by a group, and the last one stays.
#[test]
fn the_last_administrator_may_be_one_by_a_group() {
    let organization = Organization::new();
    let admin = organization.client();
    let administrators = organization.first.administrator_role.to_string();
    let group = post_group(admin, &[&administrators]).expect(201).id();
    let own_roles = format!("/admin/api/users/{}/relationships/userRoles", organization.admin.id);
    denied(admin.patch(&own_roles, &json!({"data": []})));
    set_groups(admin, &organization.admin, &[&group]).expect(204);
    admin.patch(&own_roles, &json!({"data": []})).expect(204);
    denied(set_roles(admin, &group, &[]));
    denied(set_groups(admin, &organization.admin, &[]));
    admin.get(ORDERS).expect(200);
}

#[test]
fn groups_of_one_organization_have_different_names() {
    let organization = Organization::new();
    let post = |name: &str| {
        organization
            .client()
            .post("/admin/api/usergroups", &json!({"data": {"type": "usergroups", "attributes": {"name": name}}}))
    };
    let made = post("Night shift").expect(201).json();
    assert_eq!(made["data"]["relationships"]["owner"]["data"]["type"], "businessunits");
    assert_eq!(post("Night shift").expect(400).error()["title"], "unique entity constraint");
    assert_eq!(post(&"x".repeat(31)).expect(400).error()["title"], "length constraint");
}
