//! Sub-resources and relationships, read (contract 15).

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::Organization;
use crate::support::rows::{attribute, customers, execute, groups, ids, insert};

/// `P` with children `A`, `B`, `C`; `P` is in a group, and has the administrator as its representative.
fn family() -> (Organization, Vec<i64>, i64) {
    let organization = Organization::new();
    let group = groups(&organization, &["G"])[0];
    let parent = insert(
        &organization,
        &format!("INSERT INTO customer (organization_id, name, group_id) VALUES ($1, 'P', {group})"),
    )[0];
    let children = insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id) VALUES
             ($1, 'A', {parent}), ($1, 'B', {parent}), ($1, 'C', {parent})"
        ),
    );
    let user = organization.admin.id;
    execute(
        &organization,
        &format!(
            "INSERT INTO customer_sales_representative (organization_id, customer_id, user_id) VALUES ($1, {parent}, {user})"
        ),
    );
    (organization, [vec![parent], children].concat(), group)
}

fn get(organization: &Organization, path: &str) -> Answer {
    organization.client().get(&format!("/admin/api/customers/{path}"))
}

// A to-many sub-resource is a list of its target, with that list's filters, sorters, pages, includes and fields.
#[test]
fn a_to_many_sub_resource() {
    let (organization, all, _) = family();
    let answer = get(&organization, &format!("{}/children?sort=-name&filter[name][neq]=B&include=parent", all[0]));
    assert_eq!(attribute(&answer.clone().expect(200), "name"), ["C", "A"]);
    assert_eq!(ids(&answer.json()["included"]), [all[0]]);
    let url = format!("http://{}/admin/api/customers/{}/children", organization.server.address, all[0]);
    assert_eq!(answer.json()["links"], json!({"self": url}));
    let paged = get(&organization, &format!("{}/children?page[size]=2", all[0])).expect(200).json();
    assert_eq!(paged["links"]["next"], format!("{url}?page%5Bnumber%5D=2&page%5Bsize%5D=2"));
    let users = get(&organization, &format!("{}/salesRepresentatives", all[0])).expect(200).json();
    assert_eq!(ids(&users["data"]), [organization.admin.id]);
}

// A to-one sub-resource is a record, or null.
#[test]
fn a_to_one_sub_resource() {
    let (organization, all, group) = family();
    let document = get(&organization, &format!("{}/group", all[0])).expect(200).json();
    assert_eq!(document["data"]["id"], group.to_string());
    assert_eq!(document["data"]["attributes"]["name"], "G");
    assert_eq!(get(&organization, &format!("{}/group", all[1])).expect(200).json()["data"], Value::Null);
    let country =
        organization.client().get("/admin/api/regions/DE-BE/country?fields[countries]=name").expect(200).json();
    assert_eq!(country["data"]["id"], "DE");
}

// A relationship shows identifiers only, in pages, with a total when asked for, and without filters.
#[test]
fn relationships() {
    let (organization, all, group) = family();
    let document = get(&organization, &format!("{}/relationships/group", all[0])).expect(200).json();
    assert_eq!(document["data"], json!({"type": "customergroups", "id": group.to_string()}));
    let base = format!("http://{}/admin/api/customers/{}", organization.server.address, all[0]);
    assert_eq!(
        document["links"],
        json!({"self": format!("{base}/relationships/group"), "related": format!("{base}/group")})
    );
    assert_eq!(get(&organization, &format!("{}/relationships/group", all[1])).expect(200).json()["data"], Value::Null);
    let path = format!("/admin/api/customers/{}/relationships/children?page[size]=2", all[0]);
    let answer = organization
        .client()
        .send(reqwest::Method::GET, &path, |request| request.header("X-Include", "totalCount"))
        .expect(200);
    let identifier = |id: i64| json!({"type": "customers", "id": id.to_string()});
    assert_eq!(answer.json()["data"], json!([identifier(all[1]), identifier(all[2])]));
    assert_eq!(answer.header("X-Include-Total-Count"), "3");
    assert!(answer.json()["links"]["next"].is_string());
    for query in ["filter[name]=A", "include=parent", "fields[customers]=name", "meta=title"] {
        let error = get(&organization, &format!("{}/relationships/children?{query}", all[0])).expect(400).error();
        assert_eq!(error["title"], "filter constraint", "{query}");
    }
    get(&organization, &format!("{}/relationships/group?page[size]=1", all[0])).expect(400);
}

// What is missing or unknown on the way is told apart.
#[test]
fn refusals() {
    let (organization, all, _) = family();
    let told = |path: &str, status: u16| {
        let error = organization.client().get(&format!("/admin/api/{path}")).expect(status).error();
        (error["title"].as_str().unwrap().to_owned(), error["detail"].as_str().unwrap().to_owned())
    };
    let pair = |title: &str, detail: &str| (title.to_owned(), detail.to_owned());
    for route in ["children", "relationships/children", "group", "relationships/group"] {
        let missing = format!("customers/{}/{route}", all[3] + 1_000_000);
        assert_eq!(told(&missing, 404), pair("not found http exception", "The parent entity does not exist."));
        let wrong = format!("customers/abc/{route}");
        assert_eq!(told(&wrong, 400), pair("entity identifier constraint", "Expected integer value. Given \"abc\"."));
    }
    assert_eq!(
        told(&format!("customers/{}/nothing", all[0]), 404),
        pair("relationship constraint", "Unsupported subresource.")
    );
    assert_eq!(
        told(&format!("customers/{}/relationships/nothing", all[0]), 404),
        pair("relationship constraint", "Unsupported subresource.")
    );
    assert_eq!(
        told("nothings/1/children", 404),
        pair("entity type constraint", "Unknown parent entity type: nothings.")
    );
    assert_eq!(
        told(&format!("customers/{}", all[3] + 1_000_000), 404),
        pair("not found http exception", "An entity with the requested identifier does not exist.")
    );
    assert_eq!(
        told("customers/1.5", 400),
        pair("entity identifier constraint", "Expected integer value. Given \"1.5\".")
    );
    assert_eq!(told("nothings", 404), pair("entity type constraint", "Unknown entity type: nothings."));
}

// A polymorphic relationship leads to whatever resource it points at.
#[test]
fn polymorphic() {
    let organization = Organization::new();
    let customer = customers(&organization, &["C"])[0];
    let user = organization.admin.id;
    let order = |identifier: &str, source: &str| {
        insert(
            &organization,
            &format!(
                "INSERT INTO sales_order (organization_id, identifier, currency, customer_id, owner_id, created_by_id,
                 internal_status_id, source_entity_class, source_entity_number)
                 VALUES ($1, '{identifier}', 'EUR', {customer}, {user}, {user}, 'open', {source})"
            ),
        )[0]
    };
    let first = order("first", "NULL, NULL");
    let second = order("second", &format!("'orders', {first}"));
    let client = organization.client();
    let document = client.get(&format!("/admin/api/orders/{second}?include=source")).expect(200).json();
    let identifier = json!({"type": "orders", "id": first.to_string()});
    assert_eq!(document["data"]["relationships"]["source"]["data"], identifier);
    assert_eq!(ids(&document["included"]), [first]);
    let route = client.get(&format!("/admin/api/orders/{second}/relationships/source")).expect(200).json();
    assert_eq!(route["data"], identifier);
    assert_eq!(client.get(&format!("/admin/api/orders/{first}/source")).expect(200).json()["data"], Value::Null);
    // "Filter on a polymorphic association: the part after the dot is the resource type."
    let found = |filter: &str| ids(&client.get(&format!("/admin/api/orders?{filter}")).expect(200).json()["data"]);
    assert_eq!(found(&format!("filter[source.orders]={first}")), [second]);
    assert_eq!(found("filter[source.orders][exists]=no"), [first]);
    client.get("/admin/api/orders?filter[source]=1").expect(400);
    client.get("/admin/api/orders?filter[source.products]=1").expect(400);
    // Nothing holds a source: when it has gone, the order has none.
    client.delete(&format!("/admin/api/orders/{first}")).expect(204);
    let document = client.get(&format!("/admin/api/orders/{second}?include=source")).expect(200).json();
    assert_eq!(document["data"]["relationships"]["source"]["data"], Value::Null);
    assert_eq!(document["included"], json!([]));
    assert_eq!(found("filter[source.orders][exists]=no"), [second]);
}

/// "known but not exposed resource: 404, `resource not accessible exception`, `The resource is not accessible.`"
#[test]
fn types_that_are_only_seen_inside_of_others() {
    let organization = Organization::new();
    for path in ["customeraddresstoaddresstypes", "customeruseraddresstoaddresstypes/1", "useremails/1/user"] {
        let error = organization.client().get(&format!("/admin/api/{path}")).expect(404).error();
        let told = (&error["title"], &error["detail"]);
        assert_eq!(told, (&json!("resource not accessible exception"), &json!("The resource is not accessible.")));
    }
}
