//! The query of a request for changes. Pure.
//!
//! ```text
//! query  = "filter[type]=" type *( "," type ) / "filter[action]=" action *( "," action )
//!        / "filter[id]=" id *( "," id ) / "filter[changedAt][" ( "gt" / "gte" / "lt" / "lte" ) "]=" datetime
//!        / "page[after]=" [ cursor ] / "page[size]=" 1*DIGIT / "wait=" 1*DIGIT
//!        / "include=" [ "resource" ] / "fields[" type "]=" [ name *( "," name ) ]
//! ```

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::descriptor::{ACTIONS, CHANGE, is_told};
use crate::acl::Caller;
use crate::config::Config;
use crate::engine::kind::Kind;
use crate::engine::plan::{Shape, Shapes};
use crate::engine::query::value::{self, Given, Sort};
use crate::engine::query::{self, Parameter, fields};
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::engine::value::Value;
use crate::error::{Error, Errors};
use crate::feed::cursor;
use crate::feed::page::{Place, Wanted};
use crate::feed::sight::Sight;

/// The most changes in one answer.
pub const MOST: i64 = 1_000;
const USUAL: i64 = 100;

/// What a request for changes asks.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `None`: every type.
    types: Option<Vec<&'static Resource>>,
    actions: Option<Vec<String>>,
    ids: Option<Vec<String>>,
    moments: Vec<(&'static str, DateTime<Utc>)>,
    /// `None`: the request does not say where it begins.
    pub place: Option<Place>,
    pub size: i64,
    pub wait: Duration,
    /// Whether the records are shown as they are now.
    pub include: bool,
    /// What is shown of the changes and of the records.
    pub shapes: Shapes,
    /// As they were sent, for links.
    pub parameters: Vec<(String, String)>,
}

impl Asked {
    /// Reads a query string; every error at once.
    pub fn parse(
        registry: &Registry,
        config: &Config,
        organization: i64,
        strict: bool,
        raw: &str,
    ) -> Result<Asked, Errors> {
        let mut errors = Vec::new();
        let parameters = query::read_string(raw, strict, &mut errors);
        let mut asked = Asked {
            types: None,
            actions: None,
            ids: None,
            moments: Vec::new(),
            place: None,
            size: USUAL,
            wait: Duration::ZERO,
            include: false,
            shapes: Shapes::default(),
            parameters: parameters.iter().map(|one| (one.key.clone(), one.value.clone())).collect(),
        };
        let values = config.limits.filter_values;
        for parameter in &parameters {
            let brackets: Vec<&str> = parameter.brackets.iter().map(String::as_str).collect();
            let read = match (parameter.group.as_str(), brackets.as_slice()) {
                ("filter", ["type"] | ["type", "eq"]) => {
                    types(registry, parameter).map(|list| asked.types = Some(list))
                }
                ("filter", ["action"] | ["action", "eq"]) => actions(parameter).map(|list| asked.actions = Some(list)),
                ("filter", ["id"] | ["id", "eq"]) => ids(parameter, values).map(|list| asked.ids = Some(list)),
                ("filter", ["changedAt", operator]) => {
                    moment(parameter, operator).map(|moment| asked.moments.push(moment))
                }
                ("page", ["after"]) => place(organization, parameter).map(|place| asked.place = Some(place)),
                ("page", ["size"]) => number(parameter, MOST).map(|size| asked.size = size),
                ("wait", []) => {
                    let longest = config.changes.longest_wait.as_secs() as i64;
                    number(parameter, longest).map(|seconds| asked.wait = Duration::from_secs(seconds as u64))
                }
                ("include", []) => include(parameter, strict).map(|include| asked.include = include),
                ("fields", [name]) => match named(registry, name) {
                    Some(resource) => {
                        asked.shapes.set(Shape::only(resource, &fields::names(parameter)));
                        Ok(())
                    }
                    None => Err(parameter.error("An entity type is not known.")),
                },
                ("fields", _) => Err(parameter.error("An entity type is not specified.")),
                _ => Err(parameter.error("The filter is not supported.")),
            };
            errors.extend(read.err());
        }
        Errors::check(errors)?;
        Ok(asked)
    }

    /// The same for an event stream, which takes its changes in parts: thousands of slow readers must not hold thousands
    /// of pages. The error is the 400 of parts without anything in them.
    pub fn for_stream(self) -> Result<Asked, Error> {
        if self.size == 0 {
            let text = "The value should be greater than or equals to 1 for an event stream.";
            return Err(Error::filter(text).parameter("page[size]"));
        }
        Ok(Asked { size: self.size.min(USUAL), ..self })
    }

    /// The same for a caller. The error is the 403 of one who may view nothing of what is asked for.
    pub fn of_caller(&self, registry: &Registry, caller: &Caller) -> Result<Wanted, Error> {
        let sight = match &self.types {
            Some(types) => Sight::of(caller, types.iter().copied()),
            None => Sight::of(caller, registry.resources.iter().copied().filter(|resource| is_told(resource))),
        };
        if sight.is_blind() {
            return Err(Error::no_access_to_type());
        }
        Ok(Wanted {
            sight,
            actions: self.actions.clone(),
            ids: self.ids.clone(),
            moments: self.moments.clone(),
            shape: self.shapes.of(&CHANGE),
            records: self.include,
        })
    }
}

/// What stands in the answer under that type.
fn named(registry: &Registry, name: &str) -> Option<&'static Resource> {
    if name == CHANGE.name { Some(&CHANGE) } else { registry.get(name) }
}

fn types(registry: &Registry, parameter: &Parameter) -> Result<Vec<&'static Resource>, Error> {
    let mut unknown = Vec::new();
    let mut types = Vec::new();
    for name in parameter.value.split(',') {
        match registry.get(name) {
            Some(resource) => types.push(resource),
            None => unknown.push(name),
        }
    }
    match unknown.as_slice() {
        [] => {}
        [one] => return Err(parameter.error(format!("Unknown entity type: {one}."))),
        several => return Err(parameter.error(format!("Unknown entity types: {}.", several.join(", ")))),
    }
    match types.iter().find(|resource| !is_told(resource)) {
        Some(other) => {
            let text = format!("There are no changes of \"{}\". Ask for these records themselves.", other.name);
            Err(parameter.error(text))
        }
        None => Ok(types),
    }
}

fn actions(parameter: &Parameter) -> Result<Vec<String>, Error> {
    let words: Vec<&str> = parameter.value.split(',').collect();
    match words.iter().find(|word| !ACTIONS.contains(word)) {
        Some(word) => {
            Err(parameter.error(format!("Expected \"created\", \"updated\" or \"deleted\". Given \"{word}\".")))
        }
        None => Ok(words.into_iter().map(str::to_owned).collect()),
    }
}

fn ids(parameter: &Parameter, most: usize) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = parameter.value.split(',').map(str::to_owned).collect();
    if ids.len() > most {
        return Err(parameter.error(format!("A list can have at most {most} values. Given {}.", ids.len())));
    }
    Ok(ids)
}

fn moment(parameter: &Parameter, operator: &str) -> Result<(&'static str, DateTime<Utc>), Error> {
    let operator = match operator {
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        other => return Err(parameter.error(format!("The operator \"{other}\" is not supported."))),
    };
    // A space is a plus sign that was decoded once too often.
    let text = parameter.value.replace(' ', "+");
    let given =
        value::parse(Sort::Kind(Kind::DateTime), &text, false, false).map_err(|detail| parameter.error(detail))?;
    match given {
        Given::One(one) => match one.start() {
            Value::DateTime(moment) => Ok((operator, moment)),
            _ => Err(parameter.error("Expected datetime value.")),
        },
        Given::List(_) | Given::Range(..) => Err(parameter.error("Expected datetime value.")),
    }
}

/// The place of a cursor; the empty one is before the oldest change.
pub fn place(organization: i64, parameter: &Parameter) -> Result<Place, Error> {
    if parameter.value.is_empty() {
        return Ok(Place::Oldest);
    }
    cursor::decode(organization, &parameter.value)
        .map(Place::After)
        .ok_or_else(|| parameter.error("The cursor is none of the changes. Start with \"page[after]=\"."))
}

fn number(parameter: &Parameter, most: i64) -> Result<i64, Error> {
    let detail = match parameter.value.parse::<i64>() {
        Ok(number) if (0..=most).contains(&number) => return Ok(number),
        Ok(number) if number < 0 => "The value should be greater than or equals to 0.".to_owned(),
        Ok(_) => format!("The value should be less than or equals to {most}."),
        Err(_) => format!("Expected integer value. Given \"{}\".", parameter.value),
    };
    Err(parameter.error(detail))
}

/// The record is the only thing that can be included; other names are ignored where the contract's rules hold.
fn include(parameter: &Parameter, strict: bool) -> Result<bool, Error> {
    let mut names = parameter.value.split(',').map(str::trim).filter(|name| !name.is_empty());
    match names.clone().find(|name| *name != "resource") {
        Some(other) if strict => {
            Err(parameter.error(format!("The path \"{other}\" names no relationship that can be included.")))
        }
        _ => Ok(names.any(|name| name == "resource")),
    }
}
