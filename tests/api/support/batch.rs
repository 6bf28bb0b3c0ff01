//! Batches sent, and looked at until they have ended.

use std::time::{Duration, Instant};

use entrepot::engine::split::Format;
use reqwest::Method;
use serde_json::Value;

use super::client::{Answer, Client, JSON_API};
use super::organization::User;

/// An operation that was accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: String,
    pub path: String,
}

/// Sends records of that kind, and has them accepted.
#[track_caller]
pub fn send(user: &User, kind: &str, format: Format, body: &str) -> Sent {
    Sent::of(&patch(&user.client, kind, format, &[], body))
}

/// PATCH on a collection, with more headers.
pub fn patch(client: &Client, kind: &str, format: Format, headers: &[(&str, &str)], body: &str) -> Answer {
    let media_type = match format {
        Format::Json => JSON_API,
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv",
    };
    client.send(Method::PATCH, &format!("/admin/api/{kind}"), |request| {
        let request = request.header("Content-Type", media_type).body(body.to_owned());
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    })
}

impl Sent {
    /// The operation of an answer (202).
    #[track_caller]
    pub fn of(answer: &Answer) -> Sent {
        let id = answer.clone().expect(202).json()["data"]["id"].as_str().unwrap().to_owned();
        Sent { path: format!("/admin/api/asyncoperations/{id}"), id }
    }

    /// The errors of the operation: the title and the detail of each.
    pub fn errors(&self, client: &Client) -> Vec<(String, String)> {
        let list = client.get(&format!("{}/errors?page[size]=-1", self.path)).expect(200).json();
        let text = |error: &Value, name: &str| error["attributes"][name].as_str().unwrap().to_owned();
        list["data"].as_array().unwrap().iter().map(|one| (text(one, "title"), text(one, "detail"))).collect()
    }

    /// The operation as it is.
    pub fn now(&self, client: &Client) -> Value {
        client.get(&self.path).expect(200).json()["data"].clone()
    }

    /// The operation when it has ended.
    #[track_caller]
    pub fn ended(&self, client: &Client) -> Value {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let operation = self.now(client);
            if !operation["attributes"]["summary"].is_null() {
                return operation;
            }
            assert!(Instant::now() < end, "the operation does not end: {operation}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Of an operation that has ended: records read and written, errors, records created and updated.
#[track_caller]
pub fn summary(operation: &Value) -> [i64; 5] {
    let summary = &operation["attributes"]["summary"];
    ["readCount", "writeCount", "errorCount", "createCount", "updateCount"]
        .map(|name| summary[name].as_i64().unwrap_or_else(|| panic!("no {name} in {operation}")))
}
