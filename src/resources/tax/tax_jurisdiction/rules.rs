//! A jurisdiction's region is of its country; its postal codes are single ones or ranges of numbers.

use serde_json::{Value as Json, json};

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Error, Errors, LENGTH, ZIP_CODE};
use crate::resources::address::region_error;
use crate::resources::tax::code::code_error;

pub struct TaxJurisdictionRules;

/// Characters of a postal code.
const LONGEST: usize = 255;

impl Rules for TaxJurisdictionRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node_mut(*index);
            errors.extend(code_error(node));
            errors.extend(region_error(node));
            if let Some(Value::Json(Json::Array(given))) = node.value("zipCodes") {
                let read: Vec<_> = given.iter().map(zip_code).collect();
                let place = |(index, member)| format!("{}/attributes/zipCodes/{index}/{member}", node.pointer);
                let faults = read.iter().enumerate().filter_map(|(index, zip)| Some((index, zip.as_ref().err()?)));
                errors.extend(faults.map(|(index, (member, error))| error.clone().at(place((index, *member)))));
                let codes: Vec<Json> = read.into_iter().flatten().collect();
                node.set("zipCodes", Value::Json(Json::Array(codes)));
            }
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}

/// A single code or a range in its full form; the error comes with the member that is wrong.
fn zip_code(given: &Json) -> Result<Json, (&'static str, Error)> {
    let wrong = |detail: &str| ("from", Error::new(&ZIP_CODE, detail));
    match (text(given, "from")?, text(given, "to")?) {
        (None, None) => Err(wrong("Zip code can't be empty")),
        (Some(code), None) | (None, Some(code)) => Ok(json!({"from": code, "to": null})),
        (Some(from), Some(to)) => match (number(from), number(to)) {
            (Some(first), Some(last)) if first <= last => Ok(json!({"from": from, "to": to})),
            (Some(_), Some(_)) => Err(wrong("The range should begin with its lower end")),
            _ => Err(wrong("Ranges are supported only for numeric postal codes")),
        },
    }
}

fn text<'a>(given: &'a Json, member: &'static str) -> Result<Option<&'a str>, (&'static str, Error)> {
    match given.get(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.chars().count() > LONGEST => {
            let detail = format!("This value is too long. It should have {LONGEST} characters or less.");
            Err((member, Error::new(&LENGTH, detail)))
        }
        Some(Json::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err((member, Error::form("This value is not valid. Expected a string."))),
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
