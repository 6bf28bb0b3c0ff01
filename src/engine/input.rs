//! JSON → typed values, by [`Kind`] (contract 22). Pure. Numbers go from their text to decimals, never through floats.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;
use uuid::Uuid;
use validator::ValidateEmail;

use super::field::Field;
use super::kind::Kind;
use super::value::Value;
use crate::error::{CHOICE, EMAIL, Error, LENGTH, RANGE};

/// The longest text of a field that does not say its own limit.
pub const DEFAULT_TEXT_LIMIT: u32 = 255;
/// The longest text of any field, in characters.
const LONG_TEXT_LIMIT: u32 = 1_000_000;

/// Reads the value a client sends for a field. The error has no source yet.
pub fn parse(field: &Field, json: &Json) -> Result<Value, Error> {
    let value = parse_kind(field.kind, json)?;
    check(field, &value)?;
    Ok(value)
}

/// What holds for a field's value wherever it comes from: not null, not blank, not too long, an e-mail address.
pub fn check(field: &Field, value: &Value) -> Result<(), Error> {
    if value.is_null() {
        return match (field.nullable, field.required) {
            (true, _) => Ok(()),
            (false, true) => Err(Error::not_blank()),
            (false, false) => Err(Error::not_null()),
        };
    }
    let Some(text) = value.as_text() else { return Ok(()) };
    if field.required && text.trim().is_empty() {
        return Err(Error::not_blank());
    }
    let limit = field.max.unwrap_or(match field.kind {
        Kind::Text => DEFAULT_TEXT_LIMIT,
        _ => LONG_TEXT_LIMIT,
    });
    if text.chars().count() > limit as usize {
        let detail = format!("This value is too long. It should have {limit} characters or less.");
        return Err(Error::new(&LENGTH, detail));
    }
    if field.email && !text.validate_email() {
        return Err(Error::new(&EMAIL, "This value is not a valid email address."));
    }
    Ok(())
}

fn parse_kind(kind: Kind, json: &Json) -> Result<Value, Error> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Text | Kind::LongText | Kind::Password | Kind::Secret => Ok(match text(json)? {
            "" => Value::Null,
            text => Value::Text(text.to_owned()),
        }),
        Kind::Currency => currency(text(json)?),
        Kind::Enum(words) => word(words, text(json)?),
        Kind::Integer => integer(json, i64::from(i32::MIN), i64::from(i32::MAX)),
        Kind::BigInt => integer(json, i64::MIN, i64::MAX),
        Kind::Float | Kind::Decimal | Kind::Percent => Ok(optional(number(json)?.map(Value::Numeric))),
        Kind::Percent100 => {
            let number = number(json)?.map(|number| {
                number.checked_mul(Decimal::ONE_HUNDRED).ok_or_else(|| out_of_range("a fraction such as 0.1"))
            });
            Ok(optional(number.transpose()?.map(Value::Numeric)))
        }
        Kind::Money => {
            let Some(amount) = number(json)? else { return Ok(Value::Null) };
            let rounded = amount.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
            if rounded.abs() >= Decimal::from(1_000_000_000_000_000_i64) {
                return Err(out_of_range("an amount below 1,000,000,000,000,000"));
            }
            Ok(Value::Numeric(rounded))
        }
        Kind::Boolean => boolean(json),
        Kind::Date => {
            let given = text(json)?;
            match parse_date(given) {
                _ if given.is_empty() => Ok(Value::Null),
                Some(date) => Ok(Value::Date(date)),
                None => Err(Error::form(format!("The value \"{given}\" is not a valid date."))),
            }
        }
        Kind::DateTime => {
            let given = text(json)?;
            match parse_date_time(given) {
                _ if given.is_empty() => Ok(Value::Null),
                Some(moment) => Ok(Value::DateTime(moment)),
                None => Err(Error::form(format!("The value \"{given}\" is not a valid datetime."))),
            }
        }
        Kind::Uuid => match text(json)? {
            "" => Ok(Value::Null),
            given => Uuid::try_parse(given)
                .map(Value::Uuid)
                .map_err(|_| Error::form(format!("The value \"{given}\" is not a valid GUID."))),
        },
        Kind::TextList => match json {
            Json::Array(list) if list.iter().all(Json::is_string) => json_value(json),
            _ => Err(Error::form("This value is not valid. Expected an array of strings.")),
        },
        Kind::Array => match json {
            Json::Array(_) => json_value(json),
            _ => Err(Error::form("This value is not valid. Expected an array.")),
        },
        Kind::Objects(members) => objects(members, json),
        Kind::Json => json_value(json),
        Kind::Base64 => STANDARD
            .decode(text(json)?)
            .map(Value::Bytes)
            .map_err(|_| Error::form("This value is not valid. Expected base64 encoded content.")),
    }
}

fn invalid() -> Error {
    Error::form("This value is not valid.")
}

fn out_of_range(expected: &str) -> Error {
    Error::new(&RANGE, format!("This value is out of range. Expected {expected}."))
}

fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

/// A string that Postgres can hold: it has no NUL.
fn text(json: &Json) -> Result<&str, Error> {
    json.as_str().filter(|text| !text.contains('\0')).ok_or_else(invalid)
}

fn json_value(json: &Json) -> Result<Value, Error> {
    if is_storable(json) { Ok(Value::Json(json.clone())) } else { Err(invalid()) }
}

/// Whether `jsonb` can hold it: no string in it has a NUL.
pub fn is_storable(json: &Json) -> bool {
    match json {
        Json::String(text) => !text.contains('\0'),
        Json::Array(list) => list.iter().all(is_storable),
        Json::Object(members) => members.iter().all(|(name, value)| !name.contains('\0') && is_storable(value)),
        _ => true,
    }
}

/// A text of a client's as Postgres can hold it where it is only told of: with a sign in place of each NUL.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn currency(text: &str) -> Result<Value, Error> {
    match text {
        "" => Ok(Value::Null),
        code if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            Ok(Value::Text(code.to_owned()))
        }
        _ => Err(Error::form("This value is not a valid currency. Expected three capital letters such as \"USD\".")),
    }
}

fn word(words: &[&str], text: &str) -> Result<Value, Error> {
    match text {
        "" => Ok(Value::Null),
        text if words.contains(&text) => Ok(Value::Text(text.to_owned())),
        _ => {
            let detail =
                format!("The value you selected is not a valid choice. Expected one of: {}.", words.join(", "));
            Err(Error::new(&CHOICE, detail))
        }
    }
}

fn integer(json: &Json, min: i64, max: i64) -> Result<Value, Error> {
    let Some(number) = number(json)? else { return Ok(Value::Null) };
    if !number.fract().is_zero() {
        return Err(Error::form("This value is not valid. Expected an integer."));
    }
    match i64::try_from(number.trunc()) {
        Ok(number) if (min..=max).contains(&number) => Ok(Value::Integer(number)),
        _ => Err(out_of_range(&format!("a number from {min} to {max}"))),
    }
}

/// A number or a numeric string; an empty string is none.
fn number(json: &Json) -> Result<Option<Decimal>, Error> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => text.trim().to_owned(),
        _ => return Err(invalid()),
    };
    parse_decimal(&text).map(Some).ok_or_else(invalid)
}

/// A decimal from its text, in plain or scientific notation, with at most 28 significant digits.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    let plain = !text.bytes().any(|byte| matches!(byte, b'e' | b'E'));
    if plain && text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains('_') {
        Decimal::from_str_exact(text).or_else(|_| text.parse()).ok()
    } else {
        Decimal::from_scientific(text).ok()
    }
}

fn boolean(json: &Json) -> Result<Value, Error> {
    match json {
        Json::Bool(flag) => Ok(Value::Boolean(*flag)),
        Json::String(text) => match text.as_str() {
            "" => Ok(Value::Null),
            "1" | "true" | "True" | "yes" | "Yes" => Ok(Value::Boolean(true)),
            "0" | "false" | "False" | "no" | "No" => Ok(Value::Boolean(false)),
            _ => Err(invalid()),
        },
        _ => Err(invalid()),
    }
}

fn objects(members: &[&str], json: &Json) -> Result<Value, Error> {
    let fits = |item: &Json| match item {
        Json::Object(object) => object.keys().all(|name| members.contains(&name.as_str())),
        _ => false,
    };
    match json {
        Json::Array(list) if list.iter().all(fits) => json_value(json),
        _ => {
            let detail = format!(
                "This value is not valid. Expected an array of objects with the members: {}.",
                members.join(", ")
            );
            Err(Error::form(detail))
        }
    }
}

/// `YYYY[-MM[-DD]]`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| match parts.next() {
        None => Some(1),
        Some(part) if part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse().ok(),
        Some(_) => None,
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() || year == 0 {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// A date alone, or date and time with a zone; fractions of a second are dropped.
pub fn parse_date_time(text: &str) -> Option<DateTime<Utc>> {
    if let Some(date) = parse_date(text) {
        return Some(Utc.from_utc_datetime(&date.and_hms_opt(0, 0, 0)?));
    }
    let moment = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .or_else(|_| DateTime::parse_from_str(&text.replace('Z', "+0000"), "%Y-%m-%dT%H:%M%z"))
        .ok()?
        .with_timezone(&Utc);
    // Years of five digits cannot be written in the contract's form.
    DateTime::from_timestamp(moment.timestamp(), 0)
        .filter(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true).len() == 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::field::{date_time, integer, money, percent_100, text};
    use serde_json::json;

    fn decimal(text: &str) -> Value {
        Value::Numeric(text.parse().unwrap())
    }

    #[test]
    fn money_is_rounded_half_up_to_four_decimals() {
        assert_eq!(parse(&money("m"), &json!("10.00005")).unwrap(), decimal("10.0001"));
        let number: Json = serde_json::from_str("0.12345000000000000001").unwrap();
        assert_eq!(parse(&money("m"), &number).unwrap(), decimal("0.1235"));
    }

    #[test]
    fn a_percentage_is_stored_in_hundredths() {
        assert_eq!(parse(&percent_100("p"), &json!("0.1")).unwrap(), decimal("10.0"));
    }

    #[test]
    fn integers_accept_numeric_strings_and_refuse_fractions() {
        assert_eq!(parse(&integer("i"), &json!("12")).unwrap(), Value::Integer(12));
        assert!(parse(&integer("i"), &json!("1.5")).is_err());
        assert!(parse(&integer("i"), &json!(3_000_000_000_i64)).is_err());
    }

    #[test]
    fn a_time_needs_a_zone_and_loses_its_fraction() {
        let field = date_time("at");
        let parsed = parse(&field, &json!("2017-04-12T14:11:39.55+02:00")).unwrap();
        assert_eq!(parsed, Value::DateTime(Utc.with_ymd_and_hms(2017, 4, 12, 12, 11, 39).unwrap()));
        assert!(parse(&field, &json!("2017-04-12T14:11:39")).is_err());
        assert!(parse(&field, &json!("2017-13")).is_err());
        assert_eq!(
            parse(&field, &json!("2017-02")).unwrap(),
            Value::DateTime(Utc.with_ymd_and_hms(2017, 2, 1, 0, 0, 0).unwrap())
        );
    }

    #[test]
    fn texts_are_bounded_and_without_nul() {
        let long = "x".repeat(256);
        assert_eq!(parse(&text("t"), &json!(long)).unwrap_err().code.name, "too-long");
        assert!(parse(&text("t"), &json!("a\u{0}b")).is_err());
        assert_eq!(parse(&text("t").required(), &json!("  ")).unwrap_err().code.name, "blank");
        assert_eq!(parse(&text("t"), &json!("")).unwrap(), Value::Null);
    }
}
