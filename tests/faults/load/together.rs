//! Several customers in one request, all or nothing: synchronous batches, and atomic operations.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};

use super::{End, batches};
use crate::client::{Answer, Client, JSON_API};
use crate::history::Together;

const ATOMIC: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";

/// Sends them until the end is near; what it was told, and what it should not have been told.
pub fn send(client: &Client, end: &End, mut choices: StdRng) -> (Vec<Together>, Vec<String>) {
    let (mut all, mut refusals) = (Vec::new(), Vec::new());
    while !end.is_near() {
        let mut together = Together {
            name: format!("fault-together-{}", all.len()),
            records: choices.random_range(2..60),
            bad: choices.random_ratio(1, 5),
            told: None,
        };
        let atomic = choices.random_ratio(1, 2);
        match repeat(client, &together, atomic, &mut choices) {
            Some(answer) if [200, 204].contains(&answer.status) => together.told = Some(true),
            // It takes longer than a request may, and goes on without it.
            Some(answer) if answer.status == 202 => {
                let id = answer.json()["data"]["id"].as_str().map(str::to_owned);
                let ended = id.and_then(|id| batches::wait(client, &id));
                together.told = ended.map(|ended| ended.status == "success" && ended.failed == 0);
            }
            Some(answer) if answer.status == 400 && together.bad => together.told = Some(false),
            Some(answer) => refusals.push(format!("{}: {} {}", together.name, answer.status, answer.text)),
            None => {}
        }
        all.push(together);
    }
    (all, refusals)
}

/// Until there is an answer, or the client has no patience any more.
fn repeat(client: &Client, together: &Together, atomic: bool, choices: &mut StdRng) -> Option<Answer> {
    let key = [("Idempotency-Key", together.name.as_str())];
    let (method, path, headers, body) = match atomic {
        true => (Method::POST, "/admin/api/operations", [("Accept", ATOMIC), key[0]], (ATOMIC, operations(together))),
        false => (Method::PATCH, "/admin/api/customers", [("X-Mode", "sync"), key[0]], (JSON_API, batch(together))),
    };
    loop {
        let response = client.ask(&method, path, &headers, Some((body.0, body.1.to_string())));
        let answer = response
            .and_then(|response| Some(Answer { status: response.status().as_u16(), text: response.text().ok()? }));
        match answer {
            Some(answer) if !answer.is_passing() => return Some(answer),
            _ if choices.random_ratio(1, 20) => return None,
            _ => std::thread::sleep(Duration::from_millis(choices.random_range(10..150))),
        }
    }
}

fn records(together: &Together) -> impl Iterator<Item = Value> {
    (0..together.records).map(|index| {
        let last = index + 1 == together.records;
        let name = if together.bad && last { String::new() } else { together.record(index) };
        json!({"type": "customers", "attributes": {"name": name}})
    })
}

fn batch(together: &Together) -> Value {
    json!({"data": records(together).collect::<Vec<_>>()})
}

fn operations(together: &Together) -> Value {
    let operations: Vec<Value> = records(together).map(|record| json!({"op": "add", "data": record})).collect();
    json!({"atomic:operations": operations})
}
