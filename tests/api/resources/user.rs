//! Users: their own profile, and where they belong.

use serde_json::json;

use crate::support::organization::{Organization, unique};

#[test]
fn a_caller_sees_its_own_profile_whatever_its_rights() {
    let organization = Organization::new();
    let clerk = organization.user_who_may(&json!({}));
    let profile = clerk.client.get("/admin/api/userprofile").expect(200).json();
    assert_eq!(profile["data"]["type"], "userprofile");
    assert_eq!(profile["data"]["id"], json!(clerk.id.to_string()));
    assert_eq!(profile["data"]["attributes"]["username"], json!(clerk.username));
    assert!(profile["data"]["attributes"].get("password").is_none());
    clerk.client.get(&format!("/admin/api/users/{}", clerk.id)).expect(403);
}

/// A list of one: the organization that the user works in.
#[test]
fn organizations_of_a_user_are_filtered_as_a_list() {
    let organization = Organization::new();
    let count = |query: String| {
        let list = organization.client().get(&format!("/admin/api/users?{query}")).expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    let id = organization.id();
    assert_eq!(count(format!("filter[organizations]={id}")), 1);
    assert_eq!(count(format!("filter[organizations][contains]={id}")), 1);
    assert_eq!(count(format!("filter[organizations][contains]={id},{}", id + 1)), 0);
    assert_eq!(count(format!("filter[organizations][not_contains]={}", id + 1)), 1);
    let user = organization.client().get(&format!("/admin/api/users/{}", organization.admin.id)).expect(200).json();
    let relationships = &user["data"]["relationships"];
    assert_eq!(relationships["organizations"]["data"], json!([{"type": "organizations", "id": id.to_string()}]));
    assert_eq!(relationships["organization"]["data"]["id"], json!(id.to_string()));
}

/// "A login names no organization", so a user name belongs to one user of the whole installation.
#[test]
fn a_user_name_is_taken_everywhere_and_an_address_only_here() {
    let (here, there) = (Organization::new(), Organization::new());
    let post = |organization: &Organization, username: &str, email: &str| {
        let attributes = json!({"username": username, "email": email, "firstName": "Ada", "lastName": "King"});
        let body = json!({"data": {"type": "users", "attributes": attributes}});
        organization.client().post("/admin/api/users", &body)
    };
    let taken = here.admin.username.to_uppercase();
    let error = post(&there, &taken, "ada@example.org").expect(400).error();
    assert_eq!(error["title"], "unique entity constraint");
    assert_eq!(error["source"]["pointer"], "/data/attributes/username");
    let name = unique("ada");
    post(&there, &name, &format!("{}@example.org", here.admin.username)).expect(201);
}

/// "passwords: argon2id, … (`auth.argon2_memory`, `auth.argon2_iterations`)": also those that are set through the API.
#[test]
fn a_password_costs_what_is_configured() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({}));
    let path = format!("/admin/api/users/{}", user.id);
    let body = |password: &str| json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"password": password}}});
    organization.client().patch(&path, &body("a new password")).expect(200);
    let cheap = "UPDATE app_user SET title = 'cheap' WHERE organization_id = $1 AND password_hash LIKE '$argon2id$v=19$m=64,t=1,p=1$%'";
    crate::support::rows::execute(
        &organization,
        "UPDATE app_user SET password_hash = NULL, title = NULL WHERE organization_id = $1",
    );
    organization.client().patch(&path, &body("another password")).expect(200);
    crate::support::rows::execute(&organization, cheap);
    let user = organization.client().get(&path).expect(200).json();
    assert_eq!(user["data"]["attributes"]["title"], "cheap");
    // A text that looks like a hash is a password like any other.
    let hash = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    organization.client().patch(&path, &body(hash)).expect(200);
}

/// An e-mail address is one whatever the case of its letters, and found by an upsert as it is written: another writing of it is taken,
/// and not waited for.
#[test]
fn an_upsert_by_another_writing_of_an_email_address() {
    let organization = Organization::new();
    let name = unique("case");
    let unit = json!({"data": {"type": "businessunits", "id": organization.first.business_unit.to_string()}});
    let upsert = |email: &str, username: &str| {
        let record = json!({
            "type": "users",
            "attributes": {"username": username, "email": email, "firstName": "A", "lastName": "B"},
            "relationships": {"owner": unit},
            "meta": {"upsert": ["email"]},
        });
        organization.client().post("/admin/api/users", &json!({"data": record}))
    };
    let (lower, upper) = (format!("{name}@example.org"), format!("{}@example.org", name.to_uppercase()));
    upsert(&lower, &name).expect(201);
    upsert(&lower, &name).expect(200);
    let taken = upsert(&upper, &format!("{name}-other")).expect(400).error();
    assert_eq!(taken["source"]["pointer"], "/data/attributes/email");
}
