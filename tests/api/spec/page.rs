//! Pages by number (contract 5 and 10), totals (contract 3).

use crate::support::organization::Organization;
use crate::support::rows::{customers, names, refused};

fn twelve() -> Organization {
    let organization = Organization::new();
    customers(&organization, &["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"]);
    organization
}

// A page has ten rows unless told otherwise; numbers begin at one; a size of -1 is everything, of 0 nothing.
#[test]
fn sizes_and_numbers() {
    let organization = twelve();
    let client = organization.client();
    assert_eq!(names(client, "/admin/api/customers").len(), 10);
    assert_eq!(names(client, "/admin/api/customers?page[number]=2"), ["11", "12"]);
    assert_eq!(names(client, "/admin/api/customers?page[size]=5&page[number]=3"), ["11", "12"]);
    assert_eq!(names(client, "/admin/api/customers?page[size]=-1&page[number]=7").len(), 12);
    assert_eq!(names(client, "/admin/api/customers?page[size]=0"), [""; 0]);
    assert_eq!(names(client, "/admin/api/customers?page[number]=99"), [""; 0]);
    assert_eq!(names(client, "/admin/api/customers?page[number]=9223372036854775807"), [""; 0]);
}

// Links: `self` is the bare collection; `first` and `prev` only after the first page, `next` only when there is more;
// they keep the other parameters, encoded and in alphabetical order; what leads to the first page has no number.
#[test]
fn links() {
    let organization = twelve();
    let client = organization.client();
    let links = |query: &str| {
        let links = client.get(&format!("/admin/api/customers{query}")).expect(200).json()["links"].clone();
        let base = links["self"].as_str().unwrap().to_owned();
        assert!(base.ends_with("/admin/api/customers"), "{base}");
        let cut = |name: &str| links[name].as_str().map(|link| link.replace(&base, ""));
        (cut("first"), cut("prev"), cut("next"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(links(""), (None, None, some("?page%5Bnumber%5D=2")));
    assert_eq!(links("?page[size]=12"), (None, None, None));
    assert_eq!(
        links("?sort=-id&page[number]=2&page[size]=5&fields[customers]=name"),
        (
            some("?fields%5Bcustomers%5D=name&page%5Bsize%5D=5&sort=-id"),
            some("?fields%5Bcustomers%5D=name&page%5Bsize%5D=5&sort=-id"),
            some("?fields%5Bcustomers%5D=name&page%5Bnumber%5D=3&page%5Bsize%5D=5&sort=-id"),
        )
    );
    assert_eq!(
        links("?page[number]=3&page[size]=5"),
        (some("?page%5Bsize%5D=5"), some("?page%5Bnumber%5D=2&page%5Bsize%5D=5"), None)
    );
    assert_eq!(links("?page[size]=-1"), (None, None, None));
}

// Following `next` from the first page to the last shows every record once.
#[test]
fn next_leads_to_the_end() {
    let organization = twelve();
    let client = organization.client();
    let mut path = "/admin/api/customers?page[size]=5".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = client.get(&path).expect(200);
        seen.extend(crate::support::rows::attribute(&answer, "name"));
        let Some(next) = answer.json()["links"]["next"].as_str().map(str::to_owned) else { break };
        path = next.split_once("/admin").map(|(_, rest)| format!("/admin{rest}")).unwrap();
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.is_sorted(), "{seen:?}");
}

#[test]
fn refusals() {
    let organization = Organization::new();
    let client = organization.client();
    let refused = |query: &str, detail: &str, parameter: &str| {
        refused(client, &format!("/admin/api/customers?{query}"), detail, parameter);
    };
    refused("page[number]=0", "The value should be greater than or equals to 1.", "page[number]");
    refused("page[number]=-1", "The value should be greater than or equals to 1.", "page[number]");
    refused("page[number]=x", "Expected unsigned integer value. Given \"x\".", "page[number]");
    refused("page[size]=-2", "The value should be greater than or equals to -1.", "page[size]");
    refused("page[size]=x", "Expected integer value. Given \"x\".", "page[size]");
    refused("page[size]=100001", "The value should be less than or equals to 100000.", "page[size]");
    refused("page[offset]=1", "The filter is not supported.", "page[offset]");
    refused("page=1", "The filter is not supported.", "page");
}

// `X-Include: totalCount` counts what the filters match, whatever the page: in a header and in `meta.page.total`.
// Unasked nothing is counted.
#[test]
fn totals() {
    let organization = twelve();
    let path = "/admin/api/customers?page[size]=2&filter[name][neq]=01";
    let answer = organization
        .client()
        .send(reqwest::Method::GET, path, |request| request.header("X-Include", "unknown; totalCount"))
        .expect(200);
    assert_eq!(answer.header("X-Include-Total-Count"), "11");
    assert_eq!(answer.json()["meta"]["page"]["total"], 11);
    let answer = organization.client().get(path).expect(200);
    assert_eq!(answer.header("X-Include-Total-Count"), "");
    assert!(answer.json().get("meta").is_none());
}
