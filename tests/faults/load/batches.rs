//! Batches: customers, a chunk or some at once, created by jobs. The client repeats the request by its key until it is
//! accepted, and then asks until the operation has ended.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::json;

use super::End;
use crate::client::Client;
use crate::history::{Batch, Ended};

const CUSTOMERS: &str = "/admin/api/customers";

/// For an accepted operation to end, however often what works on it is killed.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends batches until the end is near; what it was told, and what it should not have been told.
pub fn send(client: &Client, end: &End, mut choices: StdRng) -> (Vec<Batch>, Vec<String>) {
    let (mut batches, mut refusals) = (Vec::new(), Vec::new());
    while !end.is_near() {
        let records = choices.random_range(1..250);
        let mut batch = Batch {
            name: format!("fault-batch-{}", batches.len()),
            records,
            bad: choices.random_ratio(1, 2).then(|| choices.random_range(0..records)),
            ..Batch::default()
        };
        match accept(client, &batch, &mut choices) {
            Ok(Some(id)) => {
                batch.ended = wait(client, &id);
                batch.operation = Some(id);
            }
            Ok(None) => {}
            Err(refusal) => refusals.push(refusal),
        }
        batches.push(batch);
    }
    (batches, refusals)
}

/// The id of the operation; `None` when the client has given up.
fn accept(client: &Client, batch: &Batch, choices: &mut StdRng) -> Result<Option<String>, String> {
    let record = |index| {
        let name = if batch.bad == Some(index) { String::new() } else { batch.record(index) };
        json!({"type": "customers", "attributes": {"name": name}})
    };
    let body = json!({"data": (0..batch.records).map(record).collect::<Vec<_>>()});
    loop {
        match client.send(&Method::PATCH, CUSTOMERS, Some(&batch.name), &body) {
            Some(answer) if answer.status == 202 => {
                return Ok(answer.json()["data"]["id"].as_str().map(str::to_owned));
            }
            Some(answer) if !answer.is_passing() => {
                return Err(format!("PATCH {CUSTOMERS} ({}): {} {}", batch.name, answer.status, answer.text));
            }
            _ if choices.random_ratio(1, 20) => return Ok(None),
            _ => std::thread::sleep(Duration::from_millis(choices.random_range(10..150))),
        }
    }
}

/// How the operation has ended; `None`: it has not.
pub fn wait(client: &Client, id: &str) -> Option<Ended> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let answer = client.get(&format!("/admin/api/asyncoperations/{id}")).json();
        let attributes = &answer["data"]["attributes"];
        let count = |name: &str| attributes["summary"][name].as_u64().unwrap_or_default() as usize;
        match attributes["status"].as_str() {
            Some("new" | "running") => std::thread::sleep(Duration::from_millis(50)),
            _ => {
                let status = attributes["status"].as_str().unwrap_or_default().to_owned();
                return Some(Ended { status, created: count("createCount"), failed: count("errorCount") });
            }
        }
    }
    None
}
