//! Links (contract 10).

use serde_json::json;

use crate::support::organization::Organization;
use crate::support::rows::{customers, execute};

// Every resource object links to itself, every relationship to its two routes; a single record's document links to the
// collection.
#[test]
fn links_of_a_record() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let document = organization.client().get(&format!("/admin/api/customers/{id}")).expect(200).json();
    let base = format!("http://{}/admin/api/customers", organization.server.address);
    assert_eq!(document["links"], json!({"self": base}));
    assert_eq!(document["data"]["links"], json!({"self": format!("{base}/{id}")}));
    assert_eq!(
        document["data"]["relationships"]["children"]["links"],
        json!({"self": format!("{base}/{id}/relationships/children"), "related": format!("{base}/{id}/children")})
    );
}

// A link is absent where no route is behind it.
#[test]
fn no_link_without_a_route() {
    let organization = Organization::new();
    let profile = organization.client().get("/admin/api/userprofile").expect(200).json();
    assert_eq!(profile["data"]["type"], "userprofile");
    assert_eq!(profile["data"]["id"], organization.admin.id.to_string());
    for (name, relationship) in profile["data"]["relationships"].as_object().unwrap() {
        assert!(relationship.get("links").is_none(), "{name}: {relationship}");
    }
}

// `X-Include: noHateoas` leaves all links out.
#[test]
fn links_can_be_left_out() {
    let organization = Organization::new();
    customers(&organization, &["A", "B"]);
    let path = "/admin/api/customers?page[size]=1&include=organization";
    let answer = organization
        .client()
        .send(reqwest::Method::GET, path, |request| request.header("X-Include", "noHateoas"))
        .expect(200);
    assert!(answer.json()["included"][0].is_object());
    assert!(!answer.text.contains("\"links\""), "{}", answer.text);
}

// Related ids are cut at a thousand, and the relationship then links to the next page of them.
#[test]
fn a_cut_relationship_has_a_next_link() {
    let organization = Organization::new();
    let id = customers(&organization, &["P"])[0];
    execute(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id) SELECT $1, 'c', {id} FROM generate_series(1, 1001)"
        ),
    );
    let client = organization.client();
    let document = client.get(&format!("/admin/api/customers/{id}")).expect(200).json();
    let children = &document["data"]["relationships"]["children"];
    assert_eq!(children["data"].as_array().unwrap().len(), 1000);
    let next = children["links"]["next"].as_str().unwrap().split_once("/admin").unwrap().1.to_owned();
    let rest = client.get(&format!("/admin{next}")).expect(200).json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
}

// Ids that are texts are encoded in links.
#[test]
fn text_ids() {
    let organization = Organization::new();
    let client = organization.client();
    let document = client.get("/admin/api/countries/DE?fields[countries]=name").expect(200).json();
    assert_eq!(document["data"]["id"], "DE");
    let link = document["data"]["links"]["self"].as_str().unwrap();
    assert!(link.ends_with("/admin/api/countries/DE"), "{link}");
    client.get("/admin/api/countries/D%45").expect(200);
    client.get("/admin/api/countries/DE/").expect(200);
}
