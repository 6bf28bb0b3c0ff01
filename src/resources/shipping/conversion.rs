//! Units that convert into others: each rate is a positive number under the other unit's code.

use diesel::pg::PgConnection;
use serde_json::{Value as Json, json};

use crate::acl::Caller;
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors, GREATER_THAN_ZERO};
use crate::resources::shared::SharedRules;

/// What the attribute says of itself.
pub const ABOUT: &str = "How many of another unit one of this unit is, by the other unit's code.";

/// Units of all organizations, with rates.
pub struct ConversionRules(SharedRules);

impl ConversionRules {
    pub const fn of(table: Ident) -> ConversionRules {
        ConversionRules(SharedRules::of(table))
    }
}

impl Rules for ConversionRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        self.0.prepare(batch, nodes)?;
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node_mut(*index);
            // An empty list is how some clients write an object without members.
            if node.value("conversionRates") == Some(&Value::Json(json!([]))) {
                node.set("conversionRates", Value::Json(json!({})));
            }
            errors.extend(rate_errors(node));
        }
        Errors::check(errors)
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        self.0.finish(batch, nodes)
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        self.0.before_delete(conn, caller, keys)
    }
}

fn rate_errors(node: &Node) -> Vec<Error> {
    let Some(Value::Json(rates)) = node.value("conversionRates") else { return Vec::new() };
    let Json::Object(rates) = rates else {
        let detail = "This value is not valid. Expected an object with a number for each unit.";
        return vec![node.at_attribute("conversionRates", Error::form(detail))];
    };
    let wrong = rates.iter().filter_map(|(unit, rate)| {
        let error = match rate.as_f64() {
            Some(rate) if rate > 0.0 => return None,
            Some(_) => Error::new(&GREATER_THAN_ZERO, "This value should be greater than 0."),
            None => Error::form("This value is not valid. Expected a number."),
        };
        let unit = unit.replace('~', "~0").replace('/', "~1");
        Some(error.at(format!("{}/attributes/conversionRates/{unit}", node.pointer)))
    });
    wrong.collect()
}
