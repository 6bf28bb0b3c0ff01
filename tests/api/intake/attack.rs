//! Bodies that mean harm, or come from where things broke.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use super::{GROUPS, group, gzip, leftovers, send, send_sync, until};
use crate::support::database;
use crate::support::organization::{Organization, token, unique};
use crate::support::server::TestServer;

/// "gzip accepted, bombs refused".
#[test]
fn bombs_are_refused_and_leave_nothing() {
    let organization = Organization::new();
    let bomb = gzip(&vec![b' '; 100 << 20]);
    for headers in [vec![], vec![("X-Mode", "sync")], vec![("Content-Type", "text/csv")]] {
        let headers: Vec<_> = headers.into_iter().chain([("Content-Encoding", "gzip")]).collect();
        let error = send(organization.client(), GROUPS, &headers, bomb.clone()).expect(413).error();
        assert_eq!(error["code"], "body-too-large");
    }
    until(|| leftovers(&organization) == 0);
}

#[test]
fn packed_bodies_that_are_broken_are_refused() {
    let organization = Organization::new();
    let body = json!({"data": [group("a", &unique("Group"))]}).to_string();
    let packed = gzip(body.as_bytes());
    for broken in [&packed[..packed.len() - 3], &packed[..10], body.as_bytes()] {
        let error = send(organization.client(), GROUPS, &[("Content-Encoding", "gzip")], broken).expect(400).error();
        assert_eq!(error["title"], "request data constraint");
    }
    until(|| leftovers(&organization) == 0);
}

/// "limit `batch.body_limit` default 512 MiB (counted after decompression too)".
#[test]
fn a_body_has_a_limit_that_counts_unpacked() {
    let server = TestServer::lasting(database::shared(), "[batch]\nbody_limit = 3000000");
    let organization = Organization::on(server);
    let spaces = " ".repeat(3_000_001);
    for body in [spaces.as_bytes().to_vec(), format!("[{}", spaces).into_bytes()] {
        send(organization.client(), GROUPS, &[], body).expect(413);
    }
    send(organization.client(), GROUPS, &[("Content-Encoding", "gzip")], gzip(spaces.as_bytes())).expect(413);
    until(|| leftovers(&organization) == 0);
}

/// A body that is answered at once has the limit of any request, after decompression too; that it is small enough for its ratio not to
/// count changes nothing.
#[test]
fn a_body_that_is_answered_at_once_has_a_limit_that_counts_unpacked() {
    let server = TestServer::lasting(database::shared(), "[http]\nbody_limit = 3000000");
    let organization = Organization::on(server);
    let headers = [("Content-Encoding", "gzip"), ("X-Mode", "sync")];
    for (length, status) in [(3_000_000, 400), (3_000_001, 413)] {
        let packed = gzip(" ".repeat(length).as_bytes());
        assert!(packed.len() < 100_000);
        send(organization.client(), GROUPS, &headers, packed).expect(status);
    }
}

/// A connection that breaks in the middle of a body leaves nothing.
#[test]
fn a_broken_connection_leaves_nothing() {
    let organization = Organization::new();
    let token = token(organization.server, &organization.admin.client_id, &organization.admin.client_secret);
    let mut connection = TcpStream::connect(organization.server.address).unwrap();
    let head = format!(
        "PATCH {GROUPS} HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/vnd.api+json\r\nContent-Length: 10000000\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&vec![b'x'; 5_000_000]).unwrap();
    until(|| leftovers(&organization) == 1);
    drop(connection);
    until(|| leftovers(&organization) == 0);
}

#[test]
fn records_of_others_are_out_of_reach() {
    let (organization, other) = (Organization::new(), Organization::new());
    let id = other.client().post(GROUPS, &json!({"data": group("x", &unique("Group"))})).expect(201).id();
    let mut changed = group(&id, "Stolen");
    changed["meta"] = json!({"update": true});
    send_sync(organization.client(), GROUPS, &json!({"data": [changed]})).expect(404);
    assert_ne!(
        other.client().get(&format!("{GROUPS}/{id}")).expect(200).json()["data"]["attributes"]["name"],
        "Stolen"
    );
}

#[test]
fn odd_bodies_are_refused_and_do_no_harm() {
    let organization = Organization::new();
    let deep = format!("{{\"data\":[{}{}]}}", "[".repeat(5000), "]".repeat(5000));
    let included = format!("{{\"data\":[{}],\"included\":[{}1]}}", group("a", "A"), "1,".repeat(100_000));
    let bodies = [
        "{\"data\":[{\"type\":\"customergroups\",".to_owned(),
        "{\"data\":[{}],\"data\":[{}]}".to_owned(),
        json!({"data": [group("a", "nul\u{0}")]}).to_string(),
        json!({"data": [group("a\u{0}", "label")]}).to_string().replace("customergroups", "customer\\u0000groups"),
        json!({"data": [group("a", &"x".repeat(1_000_000))]}).to_string(),
        "\u{0}\u{0}\u{0}".to_owned(),
        "{\"data\":{}}".to_owned(),
        "[]".to_owned(),
        deep,
        included,
    ];
    for body in bodies {
        let answer = send(organization.client(), GROUPS, &[("X-Mode", "sync")], body.clone());
        assert_eq!(answer.status, 400, "{:.100}: {:.300}", body, answer.text);
        assert!(answer.error()["detail"].as_str().unwrap().len() > 5);
        // The operation tells; the request is accepted.
        send(organization.client(), GROUPS, &[], body).expect(202);
    }
}
