//! `POST /webhookdeliveries/{id}/redeliver`: a delivery is sent once more.

use serde_json::{Map, Value as Json, json};

use crate::engine::command::{Command, Given, Run};
use crate::engine::field::{enumeration, uuid};
use crate::engine::key::Key;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::integration::webhook_delivery::STATUSES;
use crate::webhooks::redelivery;

pub const REDELIVER: Command = Command {
    name: "redeliver",
    takes: &[],
    gives: &[uuid("messageId").not_null(), enumeration("status", STATUSES).not_null()],
    run: &Redeliver,
    about: "Sends the delivery once more, with the same message id.",
};

struct Redeliver;

impl Run for Redeliver {
    fn run(&self, batch: &mut Batch<'_>, key: &Key, _given: &Given) -> Result<Map<String, Json>, Errors> {
        let message = redelivery::of_delivery(batch, key)?;
        Ok(Map::from_iter([("messageId".to_owned(), json!(message)), ("status".to_owned(), json!("pending"))]))
    }
}
