//! `POST /webhooks/{id}/rotateSecret`: a new secret, beside which the former one is good for a while.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Map, Value as Json, json};

use super::WEBHOOK;
use super::rules::check_secret;
use crate::engine::command::{Command, Given, Run};
use crate::engine::field::{date_time, integer, text};
use crate::engine::key::Key;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Error, Errors, RANGE};
use crate::webhooks::subscription;

pub const ROTATE_SECRET: Command = Command {
    name: "rotateSecret",
    takes: &[
        text("secret").required().about("The new secret."),
        integer("overlap").about("Seconds that the former secret stays good for; a day where none are given."),
    ],
    gives: &[date_time("previousSecretUntil").about("Until then deliveries are signed with the former secret too.")],
    run: &RotateSecret,
    about: "Changes the secret. Until the overlap ends, deliveries carry signatures of both.",
};

struct RotateSecret;

const DAY: i64 = 24 * 3600;

impl Run for RotateSecret {
    fn run(&self, batch: &mut Batch<'_>, key: &Key, given: &Given) -> Result<Map<String, Json>, Errors> {
        let overlap = match given.value("overlap") {
            Some(Value::Integer(seconds @ 0..=2_592_000)) => *seconds,
            None => DAY,
            Some(_) => {
                let detail = "This value is out of range. Expected seconds from 0 to 2592000.";
                return Err(Error::new(&RANGE, detail).at("/meta/overlap").into());
            }
        };
        subscription::check_owner(batch, key)?;
        let secret = given.text("secret").unwrap_or_default();
        check_secret(secret).map_err(|error| error.at("/meta/secret"))?;
        let organization = batch.organization();
        let sealed = batch.context.server.seal(&subscription::purpose(organization, key), secret)?;
        let until = (overlap > 0).then(|| batch.context.now + TimeDelta::seconds(overlap));
        let until = subscription::rotate(batch.conn, organization, key, sealed, until)?;
        let shown = until.map(|until| until.to_rfc3339_opts(SecondsFormat::Secs, true));
        batch.touch(&WEBHOOK, key.clone(), &["secret"]);
        Ok(Map::from_iter([("previousSecretUntil".to_owned(), json!(shown))]))
    }
}
