//! PATCH on a collection (contract 19): how a batch comes in, and what it is answered with at once.

mod accept;
mod attack;
mod stored;
mod sync;

use std::io::Write;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use entrepot::schema::batch_body;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::Organization;

const GROUPS: &str = "/admin/api/customergroups";
const CUSTOMERS: &str = "/admin/api/customers";

/// Sends a body with headers over those that it needs.
fn send(client: &Client, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    client.send(Method::PATCH, path, |mut request| {
        if !headers.iter().any(|(name, _)| *name == "Content-Type") {
            request = request.header("Content-Type", JSON_API);
        }
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body.into())
    })
}

fn send_sync(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, path, &[("X-Mode", "sync")], body.to_string())
}

/// A customer group to be created, under a label.
fn group(label: &str, name: &str) -> Value {
    json!({"type": "customergroups", "id": label, "attributes": {"name": name}})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// How many bodies of the organization are stored that no operation has.
fn leftovers(organization: &Organization) -> i64 {
    organization.write(|conn| {
        let own = batch_body::table
            .filter(batch_body::organization_id.eq(organization.id()))
            .filter(batch_body::complete.eq(false));
        Ok(own.count().get_result(conn).unwrap())
    })
}

/// How many groups have the name.
fn groups(client: &Client, name: &str) -> usize {
    let list = client.get(&format!("{GROUPS}?filter[name]={name}")).expect(200).json();
    list["data"].as_array().unwrap().len()
}

/// Waits until it holds.
#[track_caller]
fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "it did not come to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}
