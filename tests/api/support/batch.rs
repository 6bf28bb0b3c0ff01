//! Batches sent, and looked at until they have ended.

use std::time::{Duration, Instant};

use entrepot::auth::callers;
use entrepot::engine::split::Format;
use entrepot::error::Error;
use entrepot::operation::body::{Encoding, Limits, Writer};
use entrepot::operation::{NewOperation, create};
use entrepot::resources::ALL;
use serde_json::{Value, json};

use super::client::Client;
use super::organization::{Organization, User};

/// An operation that was accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: String,
    pub path: String,
}

pub fn send(organization: &Organization, user: &User, kind: &str, format: Format, body: &str) -> Sent {
    let db = &organization.server.db;
    let limits = Limits { bytes: 1 << 30, ratio: 100 };
    let mut writer = Writer::new(db.clone(), organization.id(), Encoding::Identity, limits);
    writer.take(body.as_bytes()).unwrap();
    writer.end().unwrap();
    let resource = ALL.iter().copied().find(|resource| resource.name == kind).unwrap();
    let id = db
        .transaction_now::<_, Error>(|conn| {
            let caller = callers::load_acting(conn, organization.id(), user.id, &user.client_id)?.unwrap();
            let body = writer.complete(conn)?;
            let request = json!({"format": format});
            create(conn, &caller, chrono::Utc::now(), &NewOperation { resource, external_ids: false, request, body })
        })
        .unwrap();
    writer.keep();
    Sent { id: id.to_string(), path: format!("/admin/api/asyncoperations/{id}") }
}

impl Sent {
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
