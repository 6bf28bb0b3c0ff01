//! The values of filters (contract, section 4.3).
//!
//! ```text
//! value    = single / list / range
//! list     = single *( "," single )            ; where the filter allows lists
//! range    = single ".." single                ; where it allows ranges; both ends belong to it
//! boolean  = "0" / "1" / "true" / "True" / "false" / "False" / "yes" / "Yes" / "no" / "No"
//! date     = YYYY [ "-" MM [ "-" DD ] ]
//! datetime = date [ "T" hh [ ":" mm [ ":" ss [ "." fraction ] ] ] [ "Z" / ( "+" / "-" ) hh [ ":" mm ] ] ]
//! ```
//!
//! A date or a moment of less than full precision stands for its whole period.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::engine::key::{Key, parse_integer};
use crate::engine::kind::Kind;
use crate::engine::resource::IdKind;
use crate::engine::value::Value;

/// What the values of a filter are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sort {
    Id(IdKind),
    Kind(Kind),
}

/// One value, or the period from the first (in it) to the second (not in it).
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    One(Value),
    Period(Value, Value),
}

impl Match {
    /// The value, or the beginning of the period.
    pub fn start(&self) -> Value {
        match self {
            Match::One(value) | Match::Period(value, _) => value.clone(),
        }
    }
}

/// What a filter is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    One(Match),
    List(Vec<Match>),
    Range(Match, Match),
}

/// Reads a value. The error is a detail for the contract's `filter constraint`.
pub fn parse(sort: Sort, text: &str, list: bool, range: bool) -> Result<Given, String> {
    if range && let Some((from, to)) = text.split_once("..") {
        return match (single(sort, from), single(sort, to)) {
            (Some(from), Some(to)) => Ok(Given::Range(from, to)),
            _ => {
                let noun = noun(sort);
                Err(format!("Expected a pair of {noun}s ({noun}..{noun}). Given \"{text}\"."))
            }
        };
    }
    if list && text.contains(',') {
        let values: Option<Vec<Match>> = text.split(',').map(|item| single(sort, item)).collect();
        return values
            .map(Given::List)
            .ok_or_else(|| format!("Expected an array of {}s. Given \"{text}\".", noun(sort)));
    }
    match single(sort, text) {
        Some(value) => Ok(Given::One(value)),
        None => Err(format!("Expected {} value. Given \"{text}\".", noun(sort))),
    }
}

/// Reads the value of `exists` and `empty`.
pub fn parse_boolean(text: &str) -> Result<bool, String> {
    boolean(text).ok_or_else(|| format!("Expected boolean value. Given \"{text}\"."))
}

fn noun(sort: Sort) -> &'static str {
    match sort {
        Sort::Id(IdKind::Integer) => "integer",
        Sort::Id(IdKind::Text) => "not empty string",
        Sort::Id(IdKind::Guid { .. } | IdKind::Uuid) => "GUID",
        Sort::Kind(kind) => match kind.noun() {
            "string" => "not empty string",
            noun => noun,
        },
    }
}

fn single(sort: Sort, text: &str) -> Option<Match> {
    let kind = match sort {
        Sort::Id(IdKind::Integer) => Kind::BigInt,
        Sort::Id(IdKind::Text) => Kind::Text,
        Sort::Id(kind @ (IdKind::Guid { .. } | IdKind::Uuid)) => {
            return Some(Match::One(Value::from(&Key::parse(kind, text).ok()?)));
        }
        Sort::Kind(kind) => kind,
    };
    let value = match kind {
        Kind::Text | Kind::LongText | Kind::Currency | Kind::Enum(_) | Kind::Password | Kind::Secret | Kind::Base64 => {
            if text.trim().is_empty() {
                return None;
            }
            Value::Text(text.to_owned())
        }
        Kind::Integer | Kind::BigInt => Value::Integer(parse_integer(text)?),
        Kind::Float | Kind::Decimal | Kind::Money | Kind::Percent => Value::Numeric(number(text)?),
        Kind::Percent100 => Value::Numeric(number(text)?.checked_mul(Decimal::ONE_HUNDRED)?),
        Kind::Boolean => Value::Boolean(boolean(text)?),
        Kind::Date => return date(text),
        Kind::DateTime => return date_time(text),
        Kind::Uuid => Value::Uuid(uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?),
        Kind::TextList | Kind::Array | Kind::Objects(_) | Kind::Json => return None,
    };
    Some(Match::One(value))
}

/// `-?\d*\.?\d+`
fn number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or(("", digits));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "True" | "yes" | "Yes" => Some(true),
        "0" | "false" | "False" | "no" | "No" => Some(false),
        _ => None,
    }
}

/// The first day of a period, the day after its last one, and whether the period is a single day.
fn days(text: &str) -> Option<(NaiveDate, NaiveDate, bool)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let start = NaiveDate::from_ymd_opt(
        i32::try_from(digits(year, 4)?).ok()?,
        month.map_or(Some(1), |month| digits(month, 2))?,
        day.map_or(Some(1), |day| digits(day, 2))?,
    )?;
    let end = match (month, day) {
        (_, Some(_)) => start.checked_add_days(Days::new(1))?,
        (Some(_), None) => start.checked_add_months(Months::new(1))?,
        (None, None) => start.checked_add_months(Months::new(12))?,
    };
    Some((start, end, day.is_some()))
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn date(text: &str) -> Option<Match> {
    let (start, end, exact) = days(text)?;
    Some(if exact { Match::One(Value::Date(start)) } else { Match::Period(Value::Date(start), Value::Date(end)) })
}

fn date_time(text: &str) -> Option<Match> {
    // A space is a plus sign that was decoded once too often.
    let text = text.replace(' ', "+");
    let Some((day, clock)) = text.split_once('T') else {
        let (start, end, _) = days(&text)?;
        return period(start.and_hms_opt(0, 0, 0)?, end.and_hms_opt(0, 0, 0)?, TimeDelta::zero());
    };
    let (day, _, true) = days(day)? else { return None };
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let offset = offset(zone)?;
    let mut parts = clock.split(':');
    let (hour, minute, second) = (digits(parts.next()?, 2)?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = match second.and_then(|second| second.split_once('.')) {
        Some((second, fraction)) => (Some(second), Some(fraction)),
        None => (second, None),
    };
    let start = day.and_hms_opt(
        hour,
        minute.map_or(Some(0), |minute| digits(minute, 2))?,
        second.map_or(Some(0), |second| digits(second, 2))?,
    )?;
    if let Some(fraction) = fraction {
        let micros = micros(fraction)?;
        return Some(Match::One(moment(start.checked_add_signed(micros)?, offset)?));
    }
    let length = match (minute, second) {
        (_, Some(_)) => TimeDelta::seconds(1),
        (Some(_), None) => TimeDelta::minutes(1),
        (None, None) => TimeDelta::hours(1),
    };
    period(start, start.checked_add_signed(length)?, offset)
}

fn period(start: NaiveDateTime, end: NaiveDateTime, offset: TimeDelta) -> Option<Match> {
    Some(Match::Period(moment(start, offset)?, moment(end, offset)?))
}

fn moment(local: NaiveDateTime, offset: TimeDelta) -> Option<Value> {
    let utc: DateTime<Utc> = local.checked_sub_signed(offset)?.and_utc();
    Some(Value::DateTime(utc))
}

fn offset(zone: &str) -> Option<TimeDelta> {
    if zone.is_empty() || zone == "Z" {
        return Some(TimeDelta::zero());
    }
    let (sign, clock) = zone.split_at_checked(1)?;
    let (hours, minutes) = match clock.split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2)?, digits(minutes, 2)?),
        None if clock.len() == 4 => (digits(&clock[..2], 2)?, digits(&clock[2..], 2)?),
        None => (digits(clock, 2)?, 0),
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let minutes = TimeDelta::minutes(i64::from(hours * 60 + minutes));
    Some(if sign == "-" { -minutes } else { minutes })
}

fn micros(fraction: &str) -> Option<TimeDelta> {
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{fraction:0<6}");
    Some(TimeDelta::microseconds(padded.get(..6)?.parse().ok()?))
}
