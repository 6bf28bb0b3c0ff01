//! Filters through relationships (contract 4.1, 4.2).

use crate::support::organization::Organization;
use crate::support::rows::{customers, execute, groups, insert, names, refused};

/// Root `R` with children `A` (group one) and `B` (group two); `L` alone.
fn tree() -> (Organization, Vec<i64>, Vec<i64>) {
    let organization = Organization::new();
    let groups = groups(&organization, &["one", "two"]);
    let root = customers(&organization, &["R", "L"]);
    let children = insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id, group_id) VALUES
             ($1, 'A', {root}, {one}), ($1, 'B', {root}, {two})",
            root = root[0],
            one = groups[0],
            two = groups[1]
        ),
    );
    (organization, vec![root[0], root[1], children[0], children[1]], groups)
}

// A to-one relationship is filtered by its id like a field.
#[test]
fn to_one_by_id() {
    let (organization, ids, groups) = tree();
    let client = organization.client();
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=name&{filter}"));
    assert_eq!(found(&format!("filter[group]={}", groups[0])), ["A"]);
    assert_eq!(found(&format!("filter[group]={},{}", groups[0], groups[1])), ["A", "B"]);
    assert_eq!(found(&format!("filter[group][neq]={}", groups[0])), ["B"]);
    assert_eq!(found(&format!("filter[group][neq_or_null]={}", groups[0])), ["B", "L", "R"]);
    assert_eq!(found("filter[group][exists]=false"), ["L", "R"]);
    assert_eq!(found(&format!("filter[parent]={}", ids[0])), ["A", "B"]);
    assert_eq!(found(&format!("filter[parent][gte]={}", ids[0])), ["A", "B"]);
}

// `filter[a.b]` and `filter[a][b]` mean the same, to any depth, with the target's own operators.
#[test]
fn paths() {
    let (organization, _, groups) = tree();
    let client = organization.client();
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=name&{filter}"));
    for filter in ["filter[group.name]=one", "filter[group][name]=one", "filter[group][name][eq]=one"] {
        assert_eq!(found(filter), ["A"], "{filter}");
    }
    assert_eq!(found("filter[group.name][neq]=one"), ["B"]);
    assert_eq!(found("filter[group.name][neq_or_null]=one"), ["B", "L", "R"]);
    assert_eq!(found("filter[group.name][exists]=false"), ["L", "R"]);
    assert_eq!(found(&format!("filter[group.id]={}", groups[1])), ["B"]);
    assert_eq!(found(&format!("filter[group.id][neq_or_null]={}", groups[1])), ["A", "L", "R"]);
    assert_eq!(found("filter[children.group.name]=two"), ["R"]);
    assert_eq!(found("filter[parent][children][group.name]=two"), ["A", "B"]);
    refused(
        client,
        "/admin/api/customers?filter[group.label]=one",
        "The filter is not supported.",
        "filter[group.label]",
    );
}

// On a to-many: `eq` any of the values, `neq` none, `contains` all of them, `not_contains` not all, `exists` not empty.
#[test]
fn to_many() {
    let (organization, ids, _) = tree();
    let client = organization.client();
    let (a, b, lone) = (ids[2], ids[3], ids[1]);
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=name&filter[children]{filter}"));
    assert_eq!(found(&format!("={a}")), ["R"]);
    assert_eq!(found(&format!("={a},{lone}")), ["R"]);
    assert_eq!(found(&format!("[neq]={a}")), ["A", "B", "L"]);
    assert_eq!(found(&format!("[contains]={a},{b}")), ["R"]);
    assert_eq!(found(&format!("[contains]={a},{lone}")), [""; 0]);
    assert_eq!(found(&format!("[not_contains]={a},{lone}")), ["A", "B", "L", "R"]);
    assert_eq!(found("[exists]=true"), ["R"]);
    assert_eq!(found("[exists]=false"), ["A", "B", "L"]);
}

// The same through a join table.
#[test]
fn join_tables() {
    let (organization, ids, _) = tree();
    let client = organization.client();
    let user = organization.admin.id;
    let row = format!(
        "INSERT INTO customer_sales_representative (organization_id, customer_id, user_id) VALUES ($1, {}, {user})",
        ids[0]
    );
    execute(&organization, &row);
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=name&{filter}"));
    assert_eq!(found(&format!("filter[salesRepresentatives]={user}")), ["R"]);
    assert_eq!(found(&format!("filter[salesRepresentatives][neq]={user}")), ["A", "B", "L"]);
    assert_eq!(found("filter[salesRepresentatives][exists]=yes"), ["R"]);
    assert_eq!(found(&format!("filter[salesRepresentatives.username]={}", organization.admin.username)), ["R"]);
}

// A filter of the texts in a list of objects.
#[test]
fn members_of_objects() {
    let organization = Organization::new();
    let customer = customers(&organization, &["C"])[0];
    insert(
        &organization,
        &format!(
            "INSERT INTO customer_address (organization_id, customer_id, street, city, postal_code, country_code, types)
             VALUES ($1, {customer}, 'both', 'X', '1', 'DE',
                     '[{{\"addressType\": \"billing\", \"default\": true}}, {{\"addressType\": \"shipping\", \"default\": false}}]'),
                    ($1, {customer}, 'none', 'X', '1', 'DE', '[]')"
        ),
    );
    let found = |filter: &str| {
        let answer = organization.client().get(&format!("/admin/api/customeraddresses?{filter}")).expect(200);
        crate::support::rows::attribute(&answer, "street")
    };
    assert_eq!(found("filter[addressType]=billing"), ["both"]);
    assert_eq!(found("filter[addressType]=shipping,other"), ["both"]);
    assert_eq!(found("filter[addressType][neq]=billing"), ["none"]);
    assert_eq!(found("filter[addressType][exists]=no"), ["none"]);
}
