//! Nobody gives more than they hold.

use diesel::prelude::*;
use entrepot::commerce::organization::ADMINISTRATOR;
use entrepot::schema::{app_user_role, user_role};
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::{Organization, User, unique};

fn role_document(permissions: &Value) -> Value {
    json!({"data": {"type": "userroles", "attributes": {"label": unique("Role"), "permissions": permissions}}})
}

fn denied(answer: Answer) {
    let answer = answer.expect(403);
    assert_eq!(answer.error()["title"], "access denied exception", "{}", answer.text);
}

fn managers() -> Value {
    json!({
        "userroles": {"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization"},
        "users": {"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization"},
        "businessunits": {"VIEW": "organization", "EDIT": "organization"},
        "orders": {"VIEW": "business-unit"},
    })
}

/// "Nobody can give a role or a user more than they hold."
#[test]
fn a_role_is_made_within_the_permissions_of_its_maker() {
    let organization = Organization::new();
    let manager = organization.user_who_may(&managers());
    let post = |permissions: Value| manager.client.post("/admin/api/userroles", &role_document(&permissions));
    let made = post(json!({"orders": {"VIEW": "business-unit"}, "users": {"VIEW": "organization"}})).expect(201);
    denied(post(json!({"orders": {"VIEW": "division"}})));
    denied(post(json!({"orders": {"EDIT": "user"}})));
    denied(post(json!({"*": {"VIEW": "user"}})));
    let path = format!("/admin/api/userroles/{}", made.id());
    let patch = |permissions: Value| {
        let data = json!({"type": "userroles", "id": made.id(), "attributes": {"permissions": permissions}});
        manager.client.patch(&path, &json!({"data": data}))
    };
    denied(patch(json!({"products": {"VIEW": "organization"}})));
    patch(json!({"orders": {"VIEW": "user"}})).expect(200);
}

#[test]
fn wrong_words_in_permissions_are_named() {
    let organization = Organization::new();
    let post = |permissions: Value| organization.client().post("/admin/api/userroles", &role_document(&permissions));
    for (permissions, word) in [
        (json!({"produkts": {"VIEW": "user"}}), "produkts"),
        (json!({"products": {"READ": "user"}}), "VIEW, CREATE, EDIT, DELETE, ASSIGN"),
        (json!({"products": {"VIEW": "global"}}), "none, user, business-unit, division, organization"),
        (json!({"products": "VIEW"}), "products"),
        (json!([]), "object"),
    ] {
        let answer = post(permissions).expect(400);
        let error = answer.error();
        assert!(error["detail"].as_str().unwrap().contains(word), "{}", answer.text);
        assert_eq!(error["source"]["pointer"], "/data/attributes/permissions");
    }
}

/// A user above the caller is neither edited nor deleted, and a role above the caller is not handed out.
#[test]
fn a_user_who_holds_more_is_out_of_reach() {
    let organization = Organization::new();
    let manager = organization.user_who_may(&managers());
    let admin = &organization.admin;
    let rename =
        |id: i64| json!({"data": {"type": "users", "id": id.to_string(), "attributes": {"firstName": "Changed"}}});
    denied(manager.client.patch(&format!("/admin/api/users/{}", admin.id), &rename(admin.id)));
    denied(manager.client.delete(&format!("/admin/api/users/{}", admin.id)));
    let role = organization.first.administrator_role.to_string();
    let links = json!({"data": [{"type": "userroles", "id": role}]});
    let own = format!("/admin/api/users/{}/relationships/userRoles", manager.id);
    denied(manager.client.post(&own, &links));
    let other_end = format!("/admin/api/userroles/{role}/relationships/users");
    let me = json!({"data": [{"type": "users", "id": manager.id.to_string()}]});
    denied(manager.client.post(&other_end, &me));
    // Who holds no more is within reach.
    let clerk = organization.user_who_may(&json!({"orders": {"VIEW": "user"}}));
    manager.client.patch(&format!("/admin/api/users/{}", clerk.id), &rename(clerk.id)).expect(200);
}

/// A level that reaches the units of a user is more where the units are others.
#[test]
fn a_unit_that_the_caller_does_not_reach_is_not_handed_out() {
    let organization = Organization::new();
    let manager = organization.user_who_may(&managers());
    let foreign = organization.unit(None);
    let units = json!({"data": [{"type": "businessunits", "id": foreign.to_string()}]});
    denied(manager.client.post(&format!("/admin/api/users/{}/relationships/businessUnits", manager.id), &units));
    let me = json!({"data": [{"type": "users", "id": manager.id.to_string()}]});
    denied(manager.client.post(&format!("/admin/api/businessunits/{foreign}/relationships/users"), &me));
    let seller = organization.role(&json!({"orders": {"VIEW": "business-unit"}}));
    let user = organization.user(foreign, &[&seller]);
    let rename = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"firstName": "Changed"}}});
    denied(manager.client.patch(&format!("/admin/api/users/{}", user.id), &rename));
    organization.client().patch(&format!("/admin/api/users/{}", user.id), &rename).expect(200);
}

/// A password set through the API logs in, and is never shown.
#[test]
fn a_user_made_through_the_api_can_log_in() {
    let organization = Organization::new();
    let client = super::password_client(&organization);
    let name = unique("made").to_lowercase();
    let unit = json!({"data": {"type": "businessunits", "id": organization.first.business_unit.to_string()}});
    let document = |password: &str| {
        json!({"data": {"type": "users",
            "attributes": {"username": name, "email": format!("{name}@example.org"), "firstName": "A",
                "lastName": "B", "password": password},
            "relationships": {"owner": unit}}})
    };
    organization.client().post("/admin/api/users", &document("short")).expect(400);
    let made = organization.client().post("/admin/api/users", &document("a long password")).expect(201);
    assert!(!made.text.contains("argon2") && !made.text.contains("a long password"), "{}", made.text);
    let parameters = [
        ("grant_type", "password"),
        ("client_id", client.0.as_str()),
        ("client_secret", client.1.as_str()),
        ("username", name.as_str()),
        ("password", "a long password"),
    ];
    super::ask(&organization.server.client(), &parameters).expect(200);
}

/// A user whom clients act as is not deleted under them.
#[test]
fn a_user_whom_a_client_acts_as_stays() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({"orders": {"VIEW": "user"}}));
    let path = format!("/admin/api/users/{}", user.id);
    let answer = organization.client().delete(&path).expect(403);
    let detail = answer.error()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("The delete operation is forbidden. Reason: "), "{detail}");
    assert!(detail.contains(&user.client_id), "{detail}");
}

fn role_id(organization: &Organization, name: &str) -> String {
    let found = organization.client().get(&format!("/admin/api/userroles?filter[role]={name}")).expect(200);
    found.json()["data"][0]["id"].as_str().unwrap().to_owned()
}

fn role_change(id: &str, attributes: &Value) -> Value {
    json!({"data": {"type": "userroles", "id": id, "attributes": attributes}})
}

fn user_change(id: i64, attributes: &Value) -> Value {
    json!({"data": {"type": "users", "id": id.to_string(), "attributes": attributes}})
}

/// A role raised within the caller's own levels still lifts holders of other units above the caller.
#[test]
fn a_role_is_not_raised_for_holders_in_units_out_of_reach() {
    let organization = Organization::new();
    let manager =
        organization.user_who_may(&json!({"orders": {"EDIT": "business-unit"}, "userroles": {"EDIT": "organization"}}));
    let plain = organization.role(&json!({}));
    let id = role_id(&organization, &plain);
    let path = format!("/admin/api/userroles/{id}");
    let raise = || {
        let permissions = json!({"orders": {"EDIT": "business-unit"}});
        manager.client.patch(&path, &role_change(&id, &json!({"permissions": permissions})))
    };
    let lower = || organization.client().patch(&path, &role_change(&id, &json!({"permissions": {}}))).expect(200);
    // Whoever holds more by other roles gains nothing by this one.
    organization.user(organization.first.business_unit, &[&plain, ADMINISTRATOR]);
    raise().expect(200);
    lower();
    organization.user(organization.unit(None), &[&plain]);
    denied(raise());
    manager.client.patch(&path, &role_change(&id, &json!({"label": unique("Role")}))).expect(200);
}

/// Whoever has a division level reaches into all that lies below, however deep.
#[test]
fn a_unit_is_not_moved_below_users_who_reach_further() {
    let organization = Organization::new();
    let everywhere = json!({
        "VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "ASSIGN": "organization",
    });
    let manager = organization.user_who_may(&json!({"businessunits": everywhere, "users": everywhere}));
    let grand = organization.unit(None);
    let parent = organization.unit(Some(grand));
    let unit = organization.unit(None);
    organization.unit(Some(unit));
    let path = format!("/admin/api/businessunits/{unit}");
    let below = |owner: i64| {
        let owner = json!({"data": {"type": "businessunits", "id": owner.to_string()}});
        let data = json!({"type": "businessunits", "id": unit.to_string(), "relationships": {"owner": owner}});
        manager.client.patch(&path, &json!({"data": data}))
    };
    // An administrator reaches every unit anyway, and levels below division end at the unit.
    organization.user(grand, &[ADMINISTRATOR]);
    organization.user(grand, &[&organization.role(&json!({"orders": {"EDIT": "business-unit"}}))]);
    below(parent).expect(200);
    below(organization.unit(None)).expect(200);
    organization.user(grand, &[&organization.role(&json!({"orders": {"EDIT": "division"}}))]);
    denied(below(grand));
    denied(below(parent));
    let taken = organization.user(organization.first.business_unit, &[]);
    let create = |users: Value| {
        let owner = json!({"data": {"type": "businessunits", "id": parent.to_string()}});
        let data = json!({"type": "businessunits", "attributes": {"name": unique("Unit")},
            "relationships": {"owner": owner, "users": {"data": users}}});
        manager.client.post("/admin/api/businessunits", &json!({"data": data}))
    };
    create(json!([])).expect(201);
    denied(create(json!([{"type": "users", "id": taken.id.to_string()}])));
}

/// Whoever comes into a unit brings what they own within the reach of its members: no more than the caller reaches.
#[test]
fn a_user_is_not_put_into_a_unit_that_gains_more_than_the_caller_holds() {
    let organization = Organization::new();
    let everywhere = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization"});
    let manager = |orders: &str| {
        let orders = json!({"EDIT": orders});
        let permissions = json!({"users": everywhere, "businessunits": everywhere, "orders": orders});
        organization.user(organization.first.business_unit, &[&organization.role(&permissions)])
    };
    let (narrow, wide) = (manager("business-unit"), manager("organization"));
    let unit = |id: i64| json!({"data": [{"type": "businessunits", "id": id.to_string()}]});
    let from_user = |by: &User, user: &User, id: i64| {
        by.client.patch(&format!("/admin/api/users/{}/relationships/businessUnits", user.id), &unit(id))
    };
    let from_unit = |by: &User, user: &User, id: i64| {
        let users = json!({"data": [{"type": "users", "id": user.id.to_string()}]}).to_string();
        by.client.send(
            reqwest::Method::POST,
            &format!("/admin/api/businessunits/{id}/relationships/users"),
            |request| request.header("Content-Type", "application/vnd.api+json").body(users),
        )
    };
    let away = organization.unit(None);
    let seller = organization.user(away, &[]);
    // The manager's own unit: the seller's orders would be the manager's to edit.
    let own = organization.first.business_unit;
    denied(from_user(&narrow, &seller, own));
    denied(from_unit(&narrow, &seller, own));
    // A unit below members who reach all that lies below them.
    let above = organization.unit(None);
    let below = organization.unit(Some(above));
    from_user(&narrow, &seller, below).expect(204);
    from_user(&narrow, &seller, away).expect(204);
    organization.user(above, &[&organization.role(&json!({"orders": {"VIEW": "division"}}))]);
    denied(from_user(&narrow, &seller, below));
    denied(from_unit(&narrow, &seller, below));
    // Who may edit all orders may; and a user who is there already, or new, or of a unit in reach, brings nothing.
    from_unit(&wide, &organization.user(away, &[]), own).expect(204);
    let mate = organization.user(own, &[]);
    from_user(&narrow, &mate, own).expect(204);
    let attributes = json!({
        "username": unique("new").to_lowercase(), "email": format!("{}@example.org", unique("new")),
        "firstName": "N", "lastName": "N",
    });
    let data = json!({"type": "users", "attributes": attributes, "relationships": {
        "owner": {"data": {"type": "businessunits", "id": own.to_string()}},
    }});
    narrow.client.post("/admin/api/users", &json!({"data": data})).expect(201);
}

fn delete_forbidden(answer: Answer) {
    let answer = answer.expect(403);
    let detail = answer.error()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("The delete operation is forbidden. Reason: "), "{detail}");
}

#[test]
fn the_role_of_the_administrator_and_roles_that_are_held_stay() {
    let organization = Organization::new();
    let client = organization.client();
    let administrators = organization.first.administrator_role.to_string();
    let path = format!("/admin/api/userroles/{administrators}");
    delete_forbidden(client.delete(&path));
    denied(client.patch(&path, &role_change(&administrators, &json!({"role": "ROLE_OTHER"}))));
    client.patch(&path, &role_change(&administrators, &json!({"label": "Chief"}))).expect(200);
    let name = organization.role(&json!({}));
    let role = format!("/admin/api/userroles/{}", role_id(&organization, &name));
    let holder = organization.user(organization.first.business_unit, &[&name]);
    delete_forbidden(client.delete(&role));
    let none = json!({"data": []});
    client.patch(&format!("/admin/api/users/{}/relationships/userRoles", holder.id), &none).expect(204);
    client.delete(&role).expect(204);
}

/// Nobody gives more than they hold, so the last who may do everything stays.
#[test]
fn the_last_administrator_stays() {
    let organization = Organization::new();
    let (client, admin) = (organization.client(), organization.admin.id);
    let administrators = organization.first.administrator_role.to_string();
    let role = format!("/admin/api/userroles/{administrators}");
    let user = format!("/admin/api/users/{admin}");
    let all =
        json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization"});
    let refused_all = || {
        denied(client.patch(&role, &role_change(&administrators, &json!({"permissions": {}}))));
        denied(client.patch(&role, &role_change(&administrators, &json!({"permissions": {"*": all}}))));
        denied(client.patch(&user, &user_change(admin, &json!({"enabled": false}))));
        denied(client.patch(&format!("{user}/relationships/userRoles"), &json!({"data": []})));
        let me = json!({"data": [{"type": "users", "id": admin.to_string()}]});
        denied(client.send(reqwest::Method::DELETE, &format!("{role}/relationships/users"), |request| {
            request.header("Content-Type", "application/vnd.api+json").body(me.to_string())
        }));
        client.get("/admin/api/userroles").expect(200);
    };
    refused_all();
    // One who cannot log in is none.
    let second = organization.user(organization.first.business_unit, &[ADMINISTRATOR]);
    let enabled = |flag: bool| {
        let change = user_change(second.id, &json!({"enabled": flag}));
        client.patch(&format!("/admin/api/users/{}", second.id), &change).expect(200);
    };
    enabled(false);
    refused_all();
    enabled(true);
    client.patch(&user, &user_change(admin, &json!({"enabled": false}))).expect(200);
    second.client.get("/admin/api/userroles").expect(200);
}

/// What was lost in the database is made again with the next administrator.
#[test]
fn a_lost_role_of_the_administrator_is_made_again() {
    let organization = Organization::new();
    let role = organization.first.administrator_role;
    organization.write(|conn| {
        let here = app_user_role::organization_id.eq(organization.id());
        diesel::delete(app_user_role::table.filter(here.and(app_user_role::role_id.eq(role)))).execute(conn)?;
        diesel::delete(user_role::table.find((organization.id(), role))).execute(conn)?;
        Ok(())
    });
    let admin = organization.user(organization.first.business_unit, &[ADMINISTRATOR]);
    admin.client.post("/admin/api/userroles", &role_document(&json!({"*": {"VIEW": "organization"}}))).expect(201);
}

/// A role that was emptied in the database is filled again, where nobody else is left who may do everything.
#[test]
fn an_emptied_role_of_the_administrator_is_filled_again() {
    let organization = Organization::new();
    let empty = |organization: &Organization| {
        organization.write(|conn| {
            let role = user_role::table.find((organization.id(), organization.first.administrator_role));
            Ok(diesel::update(role).set(user_role::permissions.eq(json!({}))).execute(conn)?)
        });
    };
    empty(&organization);
    let admin = organization.user(organization.first.business_unit, &[ADMINISTRATOR]);
    admin.client.post("/admin/api/userroles", &role_document(&json!({"*": {"VIEW": "organization"}}))).expect(201);
    // Elsewhere somebody has narrowed it who may do everything by another role: that stays as it is.
    let organization = Organization::new();
    let all = json!({"*": {
        "VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization",
        "ASSIGN": "organization",
    }});
    organization.user_who_may(&all);
    empty(&organization);
    let second = organization.user(organization.first.business_unit, &[ADMINISTRATOR]);
    second.client.get("/admin/api/userroles").expect(403);
}
