//! What a caller may view (contract 23): lists, includes, ids and totals hold nothing else.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::{Organization, User};
use crate::support::rows::{customers, groups, ids, insert, names};

/// Who owns what: the caller's own customer, one of a colleague in the same unit, one of the unit below, one of the
/// unit beside, one without an owner.
struct Company {
    organization: Organization,
    head: i64,
}

impl Company {
    fn new() -> Company {
        let organization = Organization::new();
        let head = organization.unit(None);
        Company { organization, head }
    }

    /// A caller in the head unit with this level on customers, and the customers named after their owners' places.
    fn caller(&self, level: &str) -> Client {
        let organization = &self.organization;
        let role = organization.role(&json!({"customers": {"VIEW": level}}));
        let caller = organization.user(self.head, &[&role]);
        let colleague = organization.user(self.head, &[]);
        let below = organization.user(organization.unit(Some(self.head)), &[]);
        let beside = organization.user(organization.unit(None), &[]);
        let own = |user: &User, name: &str| {
            let id = user.id;
            insert(
                organization,
                &format!("INSERT INTO customer (organization_id, name, owner_id) VALUES ($1, '{name}', {id})"),
            );
        };
        own(&caller, "own");
        own(&colleague, "colleague");
        own(&below, "below");
        own(&beside, "beside");
        customers(organization, &["nobody"]);
        caller.client
    }
}

// Each level reaches further: own records, those of the unit, those of the units below, all of the organization.
#[test]
fn levels() {
    for (level, expected) in [
        ("user", vec!["own"]),
        ("business-unit", vec!["colleague", "own"]),
        ("division", vec!["below", "colleague", "own"]),
        ("organization", vec!["below", "beside", "colleague", "nobody", "own"]),
    ] {
        let client = Company::new().caller(level);
        assert_eq!(names(&client, "/admin/api/customers?sort=name"), expected, "{level}");
        let path = "/admin/api/customers?page[size]=1";
        let counted = client.send(reqwest::Method::GET, path, |request| request.header("X-Include", "totalCount"));
        assert_eq!(counted.expect(200).header("X-Include-Total-Count"), expected.len().to_string(), "{level}");
    }
}

// No level at all: 403 for the type.
#[test]
fn no_access_to_the_type() {
    let organization = Organization::new();
    let client = organization.user_who_may(&json!({"customers": {"VIEW": "none"}})).client;
    for path in ["/admin/api/customers", "/admin/api/customers/1", "/admin/api/customergroups"] {
        let error = client.get(path).expect(403).error();
        assert_eq!(error["title"], "access denied exception", "{path}");
        assert_eq!(error["detail"], "No access to this type of entities.", "{path}");
    }
    let error = client.get("/admin/api/customers/1/children").expect(403).error();
    assert_eq!(error["detail"], "No access to this type of parent entities.");
}

// A record that exists but may not be viewed is 403, a missing one 404, one of another organization is missing.
#[test]
fn hidden_and_missing_records() {
    let organization = Organization::new();
    let hidden = customers(&organization, &["hidden"])[0];
    let client = organization.user_who_may(&json!({"customers": {"VIEW": "user"}})).client;
    assert_eq!(
        client.get(&format!("/admin/api/customers/{hidden}")).expect(403).error()["detail"],
        "No access to the entity."
    );
    let error = client.get(&format!("/admin/api/customers/{hidden}/children")).expect(403).error();
    assert_eq!(error["detail"], "No access to the parent entity.");
    client.get("/admin/api/customers/999999999").expect(404);
    let stranger = Organization::new();
    stranger.client().get(&format!("/admin/api/customers/{hidden}")).expect(404);
    stranger.client().get(&format!("/admin/api/customers/{hidden}/children")).expect(404);
    assert_eq!(names(stranger.client(), &format!("/admin/api/customers?filter[id]={hidden}")), [""; 0]);
}

// A hidden to-one is null, hidden members of a to-many are left out, and neither can be included, found by a filter
// or told from the order.
#[test]
fn nothing_leaks_through_relationships() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({"customers": {"VIEW": "user"}, "customergroups": {"VIEW": "user"}}));
    let groups = groups(&organization, &["hidden group"]);
    let hidden = customers(&organization, &["hidden"])[0];
    let owner = user.id;
    let own = insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, owner_id, parent_id, group_id)
             VALUES ($1, 'own', {owner}, {hidden}, {group})",
            group = groups[0]
        ),
    )[0];
    insert(
        &organization,
        &format!("INSERT INTO customer (organization_id, name, parent_id) VALUES ($1, 'hidden child', {own})"),
    );
    let child = insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, owner_id, parent_id) VALUES ($1, 'own child', {owner}, {own})"
        ),
    )[0];
    let client = &user.client;
    let document = client.get(&format!("/admin/api/customers/{own}?include=parent,group,children")).expect(200).json();
    let relationships = &document["data"]["relationships"];
    assert_eq!(relationships["parent"]["data"], Value::Null);
    assert_eq!(relationships["group"]["data"], Value::Null);
    assert_eq!(relationships["organization"]["data"], Value::Null);
    assert_eq!(ids(&relationships["children"]["data"]), [child]);
    assert_eq!(ids(&document["included"]), [child]);
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=name&filter{filter}"));
    assert_eq!(found(&format!("[parent]={hidden}")), [""; 0]);
    assert_eq!(found("[parent.name]=hidden"), [""; 0]);
    assert_eq!(found("[parent][exists]=false"), ["own"]);
    assert_eq!(found("[parent][exists]=true"), ["own child"]);
    assert_eq!(found("[group.name]=hidden group"), [""; 0]);
    assert_eq!(found("[children.name]=hidden child"), [""; 0]);
    assert_eq!(found("[children.name]=own child"), ["own"]);
    assert_eq!(names(client, "/admin/api/customers?sort=group.name,name"), ["own", "own child"]);
    let parent = client.get(&format!("/admin/api/customers/{own}/parent")).expect(200).json();
    assert_eq!(parent["data"], Value::Null);
    let children = client.get(&format!("/admin/api/customers/{own}/children")).expect(200).json();
    assert_eq!(ids(&children["data"]), [child]);
    // The right to the customer suffices to read its linkage; what may not be viewed is not in it.
    let linkage = client.get(&format!("/admin/api/customers/{own}/relationships/organization")).expect(200).json();
    assert_eq!(linkage["data"], Value::Null);
    client.get(&format!("/admin/api/customers/{own}/organization")).expect(403);
}

// Parts take their parent's permission.
#[test]
fn parts_follow_their_parent() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({"customers": {"VIEW": "user"}}));
    let owner = user.id;
    let own = insert(
        &organization,
        &format!("INSERT INTO customer (organization_id, name, owner_id) VALUES ($1, 'own', {owner})"),
    )[0];
    let other = customers(&organization, &["other"])[0];
    for customer in [own, other] {
        insert(
            &organization,
            &format!(
                "INSERT INTO customer_address (organization_id, customer_id, street, city, postal_code, country_code, types)
                 VALUES ($1, {customer}, 'street {customer}', 'X', '1', 'DE', '[]')"
            ),
        );
    }
    let list = user.client.get("/admin/api/customeraddresses").expect(200);
    assert_eq!(crate::support::rows::attribute(&list, "street"), [format!("street {own}")]);
    let stranger = organization.user_who_may(&json!({"products": {"VIEW": "organization"}}));
    stranger.client.get("/admin/api/customeraddresses").expect(403);
}

// Reference data is for every caller.
#[test]
fn reference_data() {
    let organization = Organization::new();
    let client = organization.user_who_may(&json!({})).client;
    for path in ["countries", "regions", "productunits", "addresstypes", "orderstatuses", "localizations"] {
        client.get(&format!("/admin/api/{path}?page[size]=1")).expect(200);
    }
}

// Nothing crosses organizations, whatever is asked.
#[test]
fn organizations_are_apart() {
    let (one, two) = (Organization::new(), Organization::new());
    customers(&one, &["of one"]);
    customers(&two, &["of two"]);
    assert_eq!(names(one.client(), "/admin/api/customers?page[size]=-1"), ["of one"]);
    let organizations = two.client().get("/admin/api/organizations").expect(200).json();
    assert_eq!(ids(&organizations["data"]), [two.id()]);
    two.client().get(&format!("/admin/api/organizations/{}", one.id())).expect(404);
    let users = two.client().get("/admin/api/users?page[size]=-1").expect(200).json();
    assert_eq!(ids(&users["data"]), [two.admin.id]);
}
