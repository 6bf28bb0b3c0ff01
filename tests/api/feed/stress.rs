//! Many writers at once, and readers that fall over: every reader gets each change exactly once, and those of one record in
//! their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;
use std::time::Instant;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, Reader, told};
use crate::support::client::Client;
use crate::support::organization::{Organization, unique};

const WRITERS: usize = 6;
const ROUNDS: usize = 12;
/// Each so many rounds a batch is sent, of so many new records and one that is changed.
const BATCHES: usize = 4;
const BATCH: usize = 10;
const ATOMIC: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";

/// The ways to write: one record, all of one request, changes of records that others change too, deletions, and batches,
/// which several workers work off at the same time.
fn write(client: &Client, shared: &[String]) {
    for round in 0..ROUNDS {
        let add = || json!({"op": "add", "data": {"type": "customergroups", "attributes": {"name": unique("Group")}}});
        let body = json!({"atomic:operations": (0..10).map(|_| add()).collect::<Vec<_>>()}).to_string();
        let many = client.send(Method::POST, "/admin/api/operations", |request| {
            request.header("Content-Type", ATOMIC).header("Accept", ATOMIC).body(body)
        });
        let made: Value = many.expect(200).json();
        let id = made["atomic:results"][0]["data"]["id"].as_str().unwrap().to_owned();
        client.delete(&format!("/admin/api/customergroups/{id}")).expect(204);
        let contended = &shared[round % shared.len()];
        let body =
            json!({"data": {"type": "customergroups", "id": contended, "attributes": {"name": unique("Group")}}});
        client.patch(&format!("/admin/api/customergroups/{contended}"), &body).expect(200);
        if round % BATCHES == 0 {
            let add = || json!({"type": "customergroups", "attributes": {"name": unique("Group")}});
            let mut records: Vec<Value> = (0..BATCH).map(|_| add()).collect();
            let attributes = json!({"name": unique("Group")});
            let update = json!({"update": true});
            records.push(json!({"type": "customergroups", "id": contended, "attributes": attributes, "meta": update}));
            client.patch("/admin/api/customergroups", &json!({"data": records})).expect(202);
        }
    }
}

/// Reads pages of random sizes until there are so many changes. Now and then it forgets a page before it has stored the
/// cursor behind it, and reads it again.
fn read(mut reader: Reader, wanted: &AtomicUsize) -> Vec<Value> {
    let (mut found, end) = (Vec::new(), Instant::now() + 4 * PATIENCE);
    loop {
        assert!(Instant::now() < end, "{} changes of {}", found.len(), wanted.load(Ordering::Relaxed));
        reader.query = format!("&page[size]={}&wait={}", rand::random_range(1..60), rand::random_range(0..2));
        let stored = reader.cursor.clone();
        let page = reader.read();
        if rand::random_range(0..4) == 0 {
            reader.cursor = stored;
            continue;
        }
        found.extend(page["data"].as_array().unwrap().iter().cloned());
        let wanted = wanted.load(Ordering::Acquire);
        if wanted > 0 && found.len() >= wanted && page["meta"]["page"]["more"] == false {
            return found;
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    told: String,
}

#[test]
fn each_change_once_and_in_order() {
    let organization = Organization::new();
    let client = organization.client();
    let group = || {
        let body = json!({"data": {"type": "customergroups", "attributes": {"name": unique("Group")}}});
        client.post("/admin/api/customergroups", &body).expect(201).id()
    };
    let shared: Vec<String> = (0..3).map(|_| group()).collect();
    let wanted = AtomicUsize::new(0);
    let read: Vec<Vec<Value>> = scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(|| read(Reader::from_the_oldest(client), &wanted))).collect();
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| write(client, &shared))).collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        wanted.store(shared.len() + WRITERS * (ROUNDS * 12 + ROUNDS / BATCHES * (BATCH + 1)), Ordering::Release);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    let stored: Vec<Row> = organization.write(|conn| {
        let rows = "SELECT action || ' ' || resource || ' ' || record_id AS told FROM change WHERE organization_id = $1 \
                    ORDER BY position";
        Ok(diesel::sql_query(rows).bind::<BigInt, _>(organization.id()).load(conn)?)
    });
    let stored: Vec<String> = stored.into_iter().map(|row| row.told).collect();
    for changes in &read {
        assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), stored);
        let ids = changes.iter().map(|change| change["id"].as_str().unwrap().parse::<usize>().unwrap());
        assert!(ids.eq(1..=changes.len()), "positions without a gap");
    }
    let mut lives: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in &stored {
        let (action, record) = change.split_once(' ').unwrap();
        lives.entry(record).or_default().push(action);
    }
    for (record, life) in lives {
        let deleted = life.iter().position(|action| *action == "deleted").unwrap_or(life.len());
        assert_eq!(life[0], "created", "{record}: {life:?}");
        assert!(deleted >= life.len() - 1, "{record}: {life:?}");
        assert!(life[1..deleted.max(1)].iter().all(|action| *action == "updated"), "{record}: {life:?}");
    }
}
