//! Sorting (contract 6).

use crate::support::organization::Organization;
use crate::support::rows::{customers, groups, insert, names};

fn three() -> Organization {
    let organization = Organization::new();
    let groups = groups(&organization, &["z", "a"]);
    insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, group_id) VALUES
             ($1, 'B', {}), ($1, 'A', {}), ($1, 'C', NULL)",
            groups[0], groups[1]
        ),
    );
    organization
}

// Without `sort` the order is that of the ids.
#[test]
fn by_id_unless_told_otherwise() {
    assert_eq!(names(three().client(), "/admin/api/customers"), ["B", "A", "C"]);
}

// A minus sign turns a term round; a dot goes through a relationship whose target sorts by the field.
#[test]
fn terms() {
    let organization = three();
    let client = organization.client();
    assert_eq!(names(client, "/admin/api/customers?sort=name"), ["A", "B", "C"]);
    assert_eq!(names(client, "/admin/api/customers?sort=-name"), ["C", "B", "A"]);
    assert_eq!(names(client, "/admin/api/customers?sort=-id"), ["C", "A", "B"]);
    assert_eq!(names(client, "/admin/api/customers?sort=group.name"), ["A", "B", "C"]);
    assert_eq!(names(client, "/admin/api/customers?sort=group"), ["B", "A", "C"]);
    assert_eq!(names(client, "/admin/api/customers?sort=-createdAt,name"), ["A", "B", "C"]);
}

// A to-many sorts by its smallest id, each record once.
#[test]
fn by_a_to_many() {
    let organization = Organization::new();
    let parents = customers(&organization, &["P", "Q"]);
    insert(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id) VALUES ($1, 'q1', {q}), ($1, 'p1', {p}), ($1, 'q2', {q})",
            p = parents[0],
            q = parents[1]
        ),
    );
    assert_eq!(names(organization.client(), "/admin/api/customers?sort=children,id"), ["Q", "P", "q1", "p1", "q2"]);
}

// What cannot be sorted by is refused by name, in the singular or plural.
#[test]
fn refusals() {
    let organization = Organization::new();
    for (sort, detail) in [
        ("externalId", "Sorting by \"externalId\" field is not supported."),
        ("nothing,-none", "Sorting by \"nothing, none\" fields are not supported."),
        ("group.nothing", "Sorting by \"group.nothing\" field is not supported."),
    ] {
        let error = organization.client().get(&format!("/admin/api/customers?sort={sort}")).expect(400).error();
        assert_eq!(error["title"], "sort constraint");
        assert_eq!(error["detail"], detail);
        assert_eq!(error["source"]["parameter"], "sort");
    }
}
