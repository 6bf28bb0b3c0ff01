//! Nobody gives more than they hold.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::{Organization, unique};

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
