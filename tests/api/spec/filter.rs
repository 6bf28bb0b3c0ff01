//! Filters on own fields (contract 4).

use crate::support::organization::Organization;
use crate::support::rows::{customers, execute, groups, insert, names, refused};

const LIST: &str = "/admin/api/customers?sort=name";

/// Five customers: two share an external id's beginning, one has none.
fn five() -> (Organization, Vec<i64>) {
    let organization = Organization::new();
    let ids = insert(
        &organization,
        "INSERT INTO customer (organization_id, name, external_id) VALUES
         ($1, 'A', 'x1'), ($1, 'B', 'x2'), ($1, 'C', NULL), ($1, 'D', 'y,1'), ($1, 'E+F', 'a..b')",
    );
    (organization, ids)
}

// `filter[field]=v` is equality; `filter[field][operator]=v` another operator; brackets may be raw or encoded.
#[test]
fn equality_and_brackets() {
    let (organization, _) = five();
    let client = organization.client();
    assert_eq!(names(client, "/admin/api/customers?filter[name]=B"), ["B"]);
    assert_eq!(names(client, "/admin/api/customers?filter%5Bname%5D%5Beq%5D=B"), ["B"]);
    assert_eq!(names(client, &format!("{LIST}&filter[name][neq]=B")), ["A", "C", "D", "E+F"]);
}

// A comma separates values where the filter takes lists: any of them, none of them. Elsewhere it belongs to the value.
#[test]
fn lists() {
    let (organization, ids) = five();
    let client = organization.client();
    assert_eq!(names(client, &format!("{LIST}&filter[externalId]=x1,x2")), ["A", "B"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id]={},{}", ids[0], ids[3])), ["A", "D"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id][neq]={},{}", ids[0], ids[3])), ["B", "C", "E+F"]);
    groups(&organization, &["a,b", "a"]);
    assert_eq!(names(client, "/admin/api/customergroups?filter[name]=a,b"), ["a,b"]);
}

// Two dots separate a range, both ends inclusive, where the filter takes ranges; strings take none.
#[test]
fn ranges() {
    let (organization, ids) = five();
    let client = organization.client();
    let range = format!("{}..{}", ids[1], ids[3]);
    assert_eq!(names(client, &format!("{LIST}&filter[id]={range}")), ["B", "C", "D"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id][neq]={range}")), ["A", "E+F"]);
    assert_eq!(names(client, &format!("{LIST}&filter[externalId]=a..b")), ["E+F"]);
}

// `neq` does not match null, `neq_or_null` does; `exists` tells null from a value.
#[test]
fn nulls() {
    let (organization, _) = five();
    let client = organization.client();
    assert_eq!(names(client, &format!("{LIST}&filter[externalId][neq]=x1")), ["B", "D", "E+F"]);
    assert_eq!(names(client, &format!("{LIST}&filter[externalId][neq_or_null]=x1")), ["B", "C", "D", "E+F"]);
    assert_eq!(names(client, &format!("{LIST}&filter[externalId][exists]=no")), ["C"]);
    assert_eq!(names(client, &format!("{LIST}&filter[externalId][exists]=yes")), ["A", "B", "D", "E+F"]);
}

// Comparisons take a single value.
#[test]
fn comparisons() {
    let (organization, ids) = five();
    let client = organization.client();
    assert_eq!(names(client, &format!("{LIST}&filter[id][gt]={}", ids[3])), ["E+F"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id][gte]={}", ids[3])), ["D", "E+F"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id][lt]={}", ids[1])), ["A"]);
    assert_eq!(names(client, &format!("{LIST}&filter[id][lte]={}", ids[1])), ["A", "B"]);
    refused(client, &format!("{LIST}&filter[id][gt]=1,2"), "Expected integer value. Given \"1,2\".", "filter[id][gt]");
}

// All filters hold together; of the same one given twice, the last counts.
#[test]
fn filters_are_joined() {
    let (organization, ids) = five();
    let client = organization.client();
    let path = format!("{LIST}&filter[id][gt]={}&filter[id][lt]={}", ids[0], ids[3]);
    assert_eq!(names(client, &path), ["B", "C"]);
    assert_eq!(names(client, "/admin/api/customers?filter[name]=A&filter[name]=B"), ["B"]);
}

// A `+` in a value stays one; in the strict profile it is a space, as the specification of URLs for forms has it.
#[test]
fn a_plus_stays_a_plus() {
    let (organization, _) = five();
    customers(&organization, &["E F"]);
    let client = organization.client();
    assert_eq!(names(client, "/admin/api/customers?filter[name]=E+F"), ["E+F"]);
    let strict = client.send(reqwest::Method::GET, "/admin/api/customers?filter[name]=E+F", |request| {
        request.header("Accept", "application/vnd.api+json; profile=\"urn:entrepot:profile:strict\"")
    });
    assert_eq!(crate::support::rows::attribute(&strict.expect(200), "name"), ["E F"]);
}

// A date and time of less than full precision is its whole period; equality to a second means that second, while the
// comparisons look at the exact instant. Without a zone it is UTC.
#[test]
fn dates_of_reduced_precision() {
    let organization = Organization::new();
    let client = organization.client();
    insert(
        &organization,
        "INSERT INTO customer (organization_id, name, created_at) VALUES
         ($1, 'april', '2020-04-30T23:59:59.9Z'), ($1, 'may', '2020-05-01T00:00:00Z'),
         ($1, 'noon', '2020-05-31T12:00:00.25Z'), ($1, 'june', '2020-06-01T00:00:00Z')",
    );
    let found = |filter: &str| names(client, &format!("/admin/api/customers?sort=createdAt&filter[createdAt]{filter}"));
    assert_eq!(found("=2020-05"), ["may", "noon"]);
    assert_eq!(found("[neq]=2020-05"), ["april", "june"]);
    assert_eq!(found("=2020-05-31"), ["noon"]);
    assert_eq!(found("=2020-05-31T12:00:00Z"), ["noon"]);
    assert_eq!(found("=2020-05-31T14:00:00%2B02:00"), ["noon"]);
    assert_eq!(found("=2020-05-31T14:00:00+02:00"), ["noon"]);
    assert_eq!(found("[gt]=2020-05-31T12:00:00Z"), ["noon", "june"]);
    assert_eq!(found("[lte]=2020-05-31T12:00:00Z"), ["april", "may"]);
    assert_eq!(found("[gte]=2020-06"), ["june"]);
    assert_eq!(found("=2020-04..2020-05"), ["april", "may", "noon"]);
    refused(
        client,
        "/admin/api/customers?filter[createdAt]=yesterday",
        "Expected datetime value. Given \"yesterday\".",
        "filter[createdAt]",
    );
}

// A filter marked so ignores letter case.
#[test]
fn letter_case_of_order_identifiers() {
    let organization = Organization::new();
    let client = organization.client();
    assert_eq!(
        client.get("/admin/api/orders?filter[identifier]=A,b").expect(200).json()["data"],
        serde_json::json!([])
    );
    let customer = customers(&organization, &["C"])[0];
    let user = organization.admin.id;
    execute(
        &organization,
        &format!(
            "INSERT INTO sales_order (organization_id, identifier, currency, customer_id, owner_id, created_by_id,
             internal_status_id) VALUES ($1, 'Ab-1', 'EUR', {customer}, {user}, {user}, 'open')"
        ),
    );
    for given in ["ab-1", "AB-1", "x,aB-1"] {
        let found = client.get(&format!("/admin/api/orders?filter[identifier]={given}")).expect(200);
        assert_eq!(crate::support::rows::attribute(&found, "identifier"), ["Ab-1"], "{given}");
    }
}

// What is wrong is told with the contract's words and the key as it was sent.
#[test]
fn refusals() {
    let organization = Organization::new();
    let client = organization.client();
    let refused = |query: &str, detail: &str, parameter: &str| {
        refused(client, &format!("/admin/api/customers?{query}"), detail, parameter);
    };
    refused("filter[id]=aaa", "Expected integer value. Given \"aaa\".", "filter[id]");
    refused("filter[id]=007", "Expected integer value. Given \"007\".", "filter[id]");
    refused("filter%5Bid%5D=aaa", "Expected integer value. Given \"aaa\".", "filter[id]");
    refused("filter[id]=1,a", "Expected an array of integers. Given \"1,a\".", "filter[id]");
    refused("filter[id]=1..a", "Expected a pair of integers (integer..integer). Given \"1..a\".", "filter[id]");
    refused("filter[id][exists]=maybe", "Expected boolean value. Given \"maybe\".", "filter[id][exists]");
    refused("filter[name]=", "Expected not empty string value. Given \"\".", "filter[name]");
    refused("filter[name][contains]=a", "The operator \"contains\" is not supported.", "filter[name][contains]");
    refused("filter[unknown]=1", "The filter is not supported.", "filter[unknown]");
    refused("filter[customer]=1", "The filter is not supported.", "filter[customer]");
    refused("filter[nam]=1", "The filter is not supported. Did you mean \"filter[name]\"?", "filter[nam]");
    refused("something=1", "The filter is not supported.", "something");
    refused("filter=1", "The filter is not supported.", "filter");
    refused("filter[name", "The filter is not supported. Did you mean \"filter[name]\"?", "filter[name");
    refused(
        "filter[name]=%ff",
        "The parameter is not percent-encoded UTF-8 text without NUL characters.",
        "filter[name]",
    );
    refused(
        "filter[name]=a%00",
        "The parameter is not percent-encoded UTF-8 text without NUL characters.",
        "filter[name]",
    );
}

// Several faults are told at once.
#[test]
fn every_fault_at_once() {
    let organization = Organization::new();
    let answer = organization.client().get("/admin/api/customers?filter[id]=a&sort=nothing&page[size]=b").expect(400);
    let errors = answer.json()["errors"].as_array().cloned().unwrap();
    let parameters: Vec<_> = errors.iter().map(|error| error["source"]["parameter"].clone()).collect();
    assert_eq!(parameters.len(), 3);
    for expected in ["filter[id]", "sort", "page[size]"] {
        assert!(parameters.contains(&expected.into()), "{expected} in {parameters:?}");
    }
}

// A query may have at most so many filters, a list so many values; more is refused with the limit named.
#[test]
fn limits() {
    let organization = Organization::new();
    let client = organization.client();
    let many: String = (0..51).map(|number| format!("&filter[id][neq]={number}")).collect();
    let error = client.get(&format!("/admin/api/customers?{many}")).expect(400).error();
    assert_eq!(error["detail"], "At most 50 filters can be used in a request. Given 51.");
    let list: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    let error = client.get(&format!("/admin/api/customers?filter[id]={}", list.join(","))).expect(400).error();
    assert_eq!(error["detail"], "A list can have at most 1000 values. Given 1001.");
}

// A list of prices needs the price list's filter.
#[test]
fn a_mandatory_filter() {
    let organization = Organization::new();
    let error = organization.client().get("/admin/api/productprices").expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["parameter"]),
        (&"filter constraint".into(), &"filter[priceList]".into())
    );
    organization.client().get("/admin/api/productprices?filter[priceList]=1").expect(200);
}
