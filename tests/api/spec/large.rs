//! Large answers: read in batches, cut never.

use crate::support::client::http;
use crate::support::organization::Organization;
use crate::support::rows::{attribute, customers, execute, ids};

fn many(count: usize) -> Organization {
    let organization = Organization::new();
    let parent = customers(&organization, &["parent"])[0];
    execute(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id)
             SELECT $1, (n * 7919 % {count})::text, {parent} FROM generate_series(1, {count}) AS n"
        ),
    );
    organization
}

// More than a thousand rows come in batches, each record once, in order, with what is included.
#[test]
fn in_batches() {
    let organization = many(2500);
    let path = "/admin/api/customers?page[size]=-1&sort=-name,id&include=parent&filter[parent][exists]=true";
    let answer = organization
        .client()
        .send(reqwest::Method::GET, path, |request| request.header("X-Include", "totalCount"))
        .expect(200);
    let names = attribute(&answer, "name");
    assert_eq!(names.len(), 2500);
    assert!(names.is_sorted_by(|one, next| one >= next));
    let document = answer.json();
    let mut seen = ids(&document["data"]);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 2500);
    assert_eq!(document["included"].as_array().unwrap().len(), 1);
    assert_eq!(answer.header("X-Include-Total-Count"), "2500");
    assert!(document["links"].get("next").is_none());
}

// So do large pages by number and by cursor, through a relationship's sort too.
#[test]
fn large_pages() {
    let organization = many(2200);
    let client = organization.client();
    let page = client.get("/admin/api/customers?page[size]=1500&page[number]=2&sort=parent.name").expect(200).json();
    assert_eq!(page["data"].as_array().unwrap().len(), 701);
    assert!(page["links"]["prev"].is_string() && page["links"].get("next").is_none());
    let first = client.get("/admin/api/customers?page[size]=1100&page[after]=").expect(200).json();
    assert_eq!(first["data"].as_array().unwrap().len(), 1100);
    let next = first["links"]["next"].as_str().unwrap().split_once("/admin").unwrap().1.to_owned();
    let second = client.get(&format!("/admin{next}")).expect(200).json();
    let joined = [ids(&first["data"]), ids(&second["data"])].concat();
    assert_eq!(joined.len(), 2200);
    assert!(joined.is_sorted());
}

// All rows of a list that has more than the limit: 400, with the limit and the other way, never a silent cut.
#[test]
fn the_row_limit() {
    use crate::support::database;
    use crate::support::server::TestServer;
    let server = TestServer::lasting(database::shared(), "limits.page_rows = 20");
    let organization = Organization::on(server);
    let names: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    customers(&organization, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let client = organization.client();
    let error = client.get("/admin/api/customers?page[size]=-1").expect(400).error();
    assert_eq!(error["source"]["parameter"], "page[size]");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("20 rows") && detail.contains("page[after]"), "{detail}");
    assert_eq!(
        ids(&client.get("/admin/api/customers?page[size]=-1&filter[name][neq]=3").expect(200).json()["data"]).len(),
        20
    );
    client.get("/admin/api/customers?page[size]=21").expect(400);
}

// When something fails after the beginning was sent, the body breaks off: it never looks whole.
#[test]
fn a_late_failure_breaks_off() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, PgConnection};

    use crate::support::database;
    use crate::support::organization::token;
    use crate::support::server::TestServer;
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    // More than the buffers between server and client hold.
    execute(
        &organization,
        "INSERT INTO customer (organization_id, name) SELECT $1, n::text FROM generate_series(1, 20000) AS n",
    );
    let path = format!("http://{}/admin/api/customers?page[size]=-1", server.address);
    let token = token(server, &organization.admin.client_id, &organization.admin.client_secret);
    let begun = http().build().unwrap().get(path).bearer_auth(token).send().unwrap();
    assert_eq!(begun.status(), 200);
    PgConnection::establish(&url).unwrap().batch_execute("ALTER TABLE customer RENAME TO gone").unwrap();
    let body = begun.bytes();
    assert!(body.is_err(), "{} bytes came as if they were all", body.map(|bytes| bytes.len()).unwrap_or_default());
}
