//! Paging by cursor, this server's addition: `page[after]=` starts it, the links and `meta.page.cursor` go on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::organization::Organization;
use crate::support::rows::{attribute, customers, insert};

/// Customers with equal names and with missing groups, so that orders have ties and nulls.
fn seven() -> Organization {
    let organization = Organization::new();
    insert(
        &organization,
        "INSERT INTO customer (organization_id, name, external_id, created_at) VALUES
         ($1, 'B', '1', '2020-01-01T00:00:00.000001Z'), ($1, 'A', '2', '2020-01-01T00:00:00.000002Z'),
         ($1, 'B', '3', '2020-01-01T00:00:00.000002Z'), ($1, 'C', '4', '2020-01-01T00:00:00.000003Z'),
         ($1, 'A', '5', '2020-01-01T00:00:00.000004Z'), ($1, 'B', '6', '2020-01-01T00:00:00.000005Z'),
         ($1, 'D', '7', '2020-01-01T00:00:00.000006Z')",
    );
    organization
}

fn path_of(link: &Value) -> Option<String> {
    link.as_str()?.split_once("/admin").map(|(_, rest)| format!("/admin{rest}"))
}

/// Follows a link until it ends; the external ids in the order they came, page by page.
#[track_caller]
fn walk(client: &Client, start: &str, link: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(path) = next {
        let answer = client.get(&path).expect(200);
        pages.push(attribute(&answer, "externalId"));
        next = path_of(&answer.json()["links"][link]);
        assert!(pages.len() < 20, "no end: {pages:?}");
    }
    pages
}

fn cursor(answer: &Answer, place: usize) -> String {
    answer.json()["data"][place]["meta"]["page"]["cursor"].as_str().unwrap().to_owned()
}

// A walk by cursor shows the same rows in the same order as one page that holds all.
#[test]
fn forwards() {
    let organization = seven();
    let client = organization.client();
    for sort in ["id", "-id", "name", "-name", "createdAt,-name", "-createdAt,name", "name,-createdAt"] {
        let whole = attribute(&client.get(&format!("/admin/api/customers?sort={sort}")).expect(200), "externalId");
        let pages = walk(client, &format!("/admin/api/customers?sort={sort}&page[size]=2&page[after]="), "next");
        assert_eq!(pages.concat(), whole, "{sort}");
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1], "{sort}");
    }
}

// `prev` leads back over the same pages.
#[test]
fn backwards() {
    let organization = seven();
    let client = organization.client();
    for sort in ["id", "-name", "createdAt,-name"] {
        let path = format!("/admin/api/customers?sort={sort}&page[size]=3");
        let whole = attribute(&client.get(&format!("/admin/api/customers?sort={sort}")).expect(200), "externalId");
        let first = client.get(&format!("{path}&page[after]=")).expect(200);
        assert!(first.json()["links"].get("prev").is_none());
        let second = client.get(&path_of(&first.json()["links"]["next"]).unwrap()).expect(200);
        let back = client.get(&path_of(&second.json()["links"]["prev"]).unwrap()).expect(200);
        assert_eq!(attribute(&back, "externalId"), whole[..3], "{sort}");
        assert!(back.json()["links"].get("prev").is_none());
        assert_eq!(path_of(&back.json()["links"]["next"]), path_of(&first.json()["links"]["next"]));
    }
}

// Nulls have their place in the order too.
#[test]
fn nulls() {
    let organization = Organization::new();
    let client = organization.client();
    insert(
        &organization,
        "INSERT INTO localized_fallback_value (organization_id, string, text)
         SELECT $1, CASE WHEN n % 3 > 0 THEN 'string ' || n % 2 END, n FROM generate_series(1, 9) AS n",
    );
    for sort in ["string", "-string", "string,-id", "-string,id", "fallback,string"] {
        let path = format!("/admin/api/localizedfallbackvalues?sort={sort}");
        let whole = attribute(&client.get(&format!("{path}&page[size]=-1")).expect(200), "text");
        let mut seen = Vec::new();
        let mut next = Some(format!("{path}&page[size]=2&page[after]="));
        while let Some(path) = next {
            let answer = client.get(&path).expect(200);
            seen.extend(attribute(&answer, "text"));
            next = path_of(&answer.json()["links"]["next"]);
        }
        assert_eq!(seen, whole, "{sort}");
    }
}

// Each item's own cursor continues right after it, even when rows have come before it meanwhile.
#[test]
fn from_any_item() {
    let organization = seven();
    let client = organization.client();
    let answer = client.get("/admin/api/customers?sort=name&page[size]=4&page[after]=").expect(200);
    assert_eq!(attribute(&answer, "name"), ["A", "A", "B", "B"]);
    let cursor = cursor(&answer, 2);
    customers(&organization, &["AA"]);
    let rest = client.get(&format!("/admin/api/customers?sort=name&page[after]={cursor}")).expect(200);
    assert_eq!(attribute(&rest, "name"), ["B", "B", "C", "D"]);
    let before = client.get(&format!("/admin/api/customers?sort=name&page[before]={cursor}&page[size]=2")).expect(200);
    assert_eq!(attribute(&before, "name"), ["A", "AA"]);
}

// A cursor belongs to its list, sort and filters; it excludes page numbers and sorts through relationships.
#[test]
fn refusals() {
    let organization = seven();
    let client = organization.client();
    let answer = client.get("/admin/api/customers?sort=name&page[size]=1&page[after]=").expect(200);
    let cursor = cursor(&answer, 0);
    for (query, parameter) in [
        (format!("sort=-name&page[after]={cursor}"), "page[after]"),
        (format!("page[after]={cursor}"), "page[after]"),
        (format!("sort=name&filter[name]=A&page[after]={cursor}"), "page[after]"),
        (format!("sort=name&page[before]={}", &cursor[1..]), "page[before]"),
        ("page[before]=".to_owned(), "page[before]"),
        ("page[after]=nonsense".to_owned(), "page[after]"),
        ("page[after]=&page[number]=2".to_owned(), "page[number]"),
        ("page[after]=&page[size]=-1".to_owned(), "page[after]"),
        ("page[after]=&sort=group.name".to_owned(), "page[after]"),
        ("page[after]=&sort=group".to_owned(), "page[after]"),
        (format!("sort=name&page[after]={cursor}&page[before]={cursor}"), "page[before]"),
    ] {
        let error = client.get(&format!("/admin/api/customers?{query}")).expect(400).error();
        assert_eq!(error["title"], "filter constraint", "{query}");
        assert_eq!(error["source"]["parameter"], parameter, "{query}");
    }
    client.get(&format!("/admin/api/customers?sort=name&page[after]={cursor}")).expect(200);
    let error = client.get(&format!("/admin/api/customergroups?sort=name&page[after]={cursor}")).expect(400).error();
    assert_eq!(error["source"]["parameter"], "page[after]");
}

// A cursor that was tampered with is refused before Postgres stumbles over a moment it does not know.
#[test]
fn moments_out_of_range() {
    let organization = seven();
    let client = organization.client();
    let path = "/admin/api/customers?sort=-createdAt";
    let good = cursor(&client.get(&format!("{path}&page[size]=1&page[after]=")).expect(200), 0);
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(good).unwrap()).unwrap();
    let forged = |moment: &str| URL_SAFE_NO_PAD.encode(format!("{}{}", &plain[..16], json!([moment, "1"])));
    for parameter in ["page[after]", "page[before]"] {
        for moment in ["-210866803200000001", "253402300800000000"] {
            let error = client.get(&format!("{path}&{parameter}={}", forged(moment))).expect(400).error();
            assert_eq!(error["title"], "filter constraint", "{moment}");
            assert_eq!(error["source"]["parameter"], parameter, "{moment}");
        }
        client.get(&format!("{path}&{parameter}={}", forged("253402300799999999"))).expect(200);
    }
}
