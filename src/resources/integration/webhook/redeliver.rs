//! `POST /webhooks/{id}/redeliver`: what was noted in a time is sent once more.

use serde_json::{Map, Value as Json, json};

use crate::engine::command::{Command, Given, Run};
use crate::engine::field::{date_time, integer, text_list};
use crate::engine::key::Key;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{CHOICE, Error, Errors};
use crate::webhooks::redelivery::{self, Range};

pub const REDELIVER: Command = Command {
    name: "redeliver",
    takes: &[
        date_time("from").required().about("Of deliveries noted from then on."),
        date_time("to").about("Up to that moment; up to now where none is given."),
        text_list("statuses").about("Of those that are `dropped` or `failed`; or as listed, `delivered` too."),
    ],
    gives: &[integer("deliveries").not_null().about("How many are sent once more.")],
    run: &Redeliver,
    about: "Sends deliveries of a time once more, each with the same message id, in their order.",
};

struct Redeliver;

impl Run for Redeliver {
    fn run(&self, batch: &mut Batch<'_>, key: &Key, given: &Given) -> Result<Map<String, Json>, Errors> {
        let now = batch.context.now;
        let moment = |name: &str| match given.value(name) {
            Some(Value::DateTime(moment)) => Some(*moment),
            _ => None,
        };
        let statuses: Vec<String> = match given.value("statuses") {
            Some(Value::Json(Json::Array(list))) => list.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            _ => vec!["dropped".to_owned(), "failed".to_owned()],
        };
        if let Some(unknown) = statuses.iter().find(|status| !redelivery::FINISHED.contains(&status.as_str())) {
            let known = redelivery::FINISHED.join(", ");
            let detail = format!("The status \"{unknown}\" is not a valid choice. Expected some of: {known}.");
            return Err(Error::new(&CHOICE, detail).at("/meta/statuses").into());
        }
        let range = Range { from: moment("from").unwrap_or(now), to: moment("to").unwrap_or(now), statuses };
        let organization = batch.organization();
        let count = redelivery::of_webhook(batch.conn, organization, key, &range, now)?;
        Ok(Map::from_iter([("deliveries".to_owned(), json!(count))]))
    }
}
