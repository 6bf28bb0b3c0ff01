//! Commands: what is done to one record by POST on `/{type}/{id}/{name}`, beyond reading and writing it (contract 15).
//!
//! The body is `{"meta": {…}}` or nothing, and so is the answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::field::Field;
use super::key::Key;
use super::value::Value;
use super::write::Batch;
use crate::error::{Error, Errors};

/// A command of a resource. It takes EDIT on the record.
pub struct Command {
    pub name: &'static str,
    /// The members of the request's `meta`.
    pub takes: &'static [Field],
    /// The members of the answer's `meta`.
    pub gives: &'static [Field],
    pub run: &'static dyn Run,
    /// A sentence for the API document.
    pub about: &'static str,
}

/// What a command does.
pub trait Run: Sync {
    /// Carries the command out on a locked record, in a transaction. What it changes it tells by [`Batch::touch`].
    fn run(&self, batch: &mut Batch<'_>, key: &Key, given: &Given) -> Result<Map<String, Json>, Errors>;
}

/// The members of `meta` that a request gives; null is as good as nothing.
pub struct Given(BTreeMap<&'static str, Value>);

impl Given {
    /// Reads a request's `meta`. What a command does not take is refused.
    pub fn parse(command: &Command, meta: &Map<String, Json>) -> Result<Given, Errors> {
        let (mut values, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, json) in meta {
            let place = format!("/meta/{name}");
            match command.takes.iter().find(|field| field.name == name) {
                None => {
                    let names: Vec<&str> = command.takes.iter().map(|field| field.name).collect();
                    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                    let detail = format!("The '{name}' property is not known. Known properties: {known}");
                    errors.push(Error::request_data(&detail).at(place));
                }
                Some(field) => match super::input::parse(field, json) {
                    Ok(Value::Null) => {}
                    Ok(value) => drop(values.insert(field.name, value)),
                    Err(error) => errors.push(error.at(place)),
                },
            }
        }
        let missing = command.takes.iter().filter(|field| field.required && !values.contains_key(field.name));
        if errors.is_empty() {
            errors.extend(missing.map(|field| Error::not_blank().at(format!("/meta/{}", field.name))));
        }
        Errors::check(errors)?;
        Ok(Given(values))
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_text)
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.name)
    }
}
