//! API6: what a person does once, done by a program a thousand times.
//!
//! Logins are slowed in auth/refusal.rs and authorize/refusal.rs.

use serde_json::json;

use crate::support::database;
use crate::support::organization::{Organization, token};
use crate::support::server::TestServer;

/// "1,000 requests a second with a burst of 5,000, per client": beyond its limit a client makes no records, with whatever
/// token of its own it tries.
#[test]
fn records_made_beyond_the_limit_of_a_client() {
    let server = TestServer::start(database::shared(), "[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let organization = Organization::new();
    let admin = &organization.admin;
    let make = || {
        let client = server.client().with_token(&token(&server, &admin.client_id, &admin.client_secret));
        let body = json!({"data": {"type": "customers", "attributes": {"name": "A"}}});
        client.post("/admin/api/customers", &body).status
    };
    let statuses: Vec<u16> = (0..20).map(|_| make()).collect();
    let made = statuses.iter().filter(|status| **status == 201).count();
    assert!(statuses.contains(&429), "{statuses:?}");
    let list = organization.client().get("/admin/api/customers?page[size]=-1").expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), made);
}
