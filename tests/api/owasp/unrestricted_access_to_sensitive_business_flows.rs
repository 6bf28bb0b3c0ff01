//! API6: what a person does once, done by a program a thousand times.
//!
//! Logins are slowed in auth/refusal.rs and authorize/refusal.rs.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::edge::rate::beyond;
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
    let tokens: Vec<String> = (0..3).map(|_| token(&server, &admin.client_id, &admin.client_secret)).collect();
    let (sent, made) = (AtomicUsize::new(0), AtomicUsize::new(0));
    beyond(&|| {
        let client = server.client().with_token(&tokens[sent.fetch_add(1, Ordering::Relaxed) % tokens.len()]);
        let body = json!({"data": {"type": "customers", "attributes": {"name": "A"}}});
        let answer = client.post("/admin/api/customers", &body);
        made.fetch_add(usize::from(answer.status == 201), Ordering::Relaxed);
        answer
    });
    let list = organization.client().get("/admin/api/customers?page[size]=-1").expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), made.into_inner());
}
