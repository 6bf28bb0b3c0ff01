//! Cursors: the place of a row in an order, as an opaque text, and the conditions that find what lies beyond it.
//!
//! A cursor holds the row's values of the sort terms at full precision, the id last, and a hash of what it belongs to
//! (sort and filters); it is refused anywhere else. Postgres puts nulls after every value, and so does this module.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};

use super::kind::Storage;
use super::plan::{SortColumn, SortTerm};
use super::predicate::{Operand, Predicate, Test};
use super::resource::{Ident, Resource};
use super::value::Value;

/// What the column of a sort term is in Postgres.
pub fn term_storage(term: &SortTerm, resource: &Resource) -> Storage {
    match term.column {
        SortColumn::Id => resource.id.kind.storage(),
        SortColumn::Field(field) => field.kind.storage(),
    }
}

/// The cursor of the row with these values.
pub fn encode(binding: u64, values: &[Value]) -> String {
    let texts: Vec<Option<String>> = values.iter().map(to_text).collect();
    let mut plain = format!("{binding:016x}");
    // A list of optional strings always serializes.
    let _ = write!(plain, "{}", serde_json::Value::from_iter(texts));
    URL_SAFE_NO_PAD.encode(plain)
}

/// The values of a cursor that belongs to `binding` and to these terms.
pub fn decode(cursor: &str, binding: u64, sort: &[SortTerm], resource: &Resource) -> Option<Vec<Value>> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (hash, list) = plain.split_at_checked(16)?;
    if u64::from_str_radix(hash, 16) != Ok(binding) {
        return None;
    }
    let texts: Vec<Option<String>> = serde_json::from_str(list).ok()?;
    if texts.len() != sort.len() {
        return None;
    }
    let values: Option<Vec<Value>> = sort
        .iter()
        .zip(texts)
        .map(|(term, text)| match text {
            Some(text) => from_text(term_storage(term, resource), text),
            None => Some(Value::Null),
        })
        .collect();
    values.filter(|values| values.last().is_some_and(|id| !id.is_null()))
}

fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Numeric(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Date(date) => Some(date.to_string()),
        Value::DateTime(moment) => Some(moment.timestamp_micros().to_string()),
        Value::Uuid(uuid) => Some(uuid.to_string()),
        _ => None,
    }
}

fn from_text(storage: Storage, text: String) -> Option<Value> {
    match storage {
        Storage::Text => (!text.contains('\0')).then_some(Value::Text(text)),
        Storage::Integer | Storage::BigInt => text.parse().ok().map(Value::Integer),
        Storage::Numeric => text.parse().ok().map(Value::Numeric),
        Storage::Boolean => text.parse().ok().map(Value::Boolean),
        Storage::Date => text.parse().ok().filter(has_four_digit_year).map(Value::Date),
        Storage::Timestamp => {
            let moment: DateTime<Utc> = DateTime::from_timestamp_micros(text.parse().ok()?)?;
            has_four_digit_year(&moment).then_some(Value::DateTime(moment))
        }
        Storage::Uuid => text.parse().ok().map(Value::Uuid),
        Storage::Json | Storage::Bytes => None,
    }
}

/// No stored moment lies outside the years that requests can write, and Postgres refuses some that chrono knows.
fn has_four_digit_year(moment: &impl Datelike) -> bool {
    (0..=9999).contains(&moment.year())
}

/// The rows beyond the one with these values, as conditions to be read one after the other: each is a range of an index
/// on the sort columns, in the plan's order. `backwards`: the rows before it, nearest first.
pub fn segments(resource: &Resource, sort: &[SortTerm], values: &[Value], backwards: bool) -> Vec<Predicate> {
    let columns: Vec<Ident> = sort.iter().filter_map(|term| term.own_column(resource)).collect();
    let descending: Vec<bool> = sort.iter().map(|term| term.descending != backwards).collect();
    let uniform = descending.windows(2).all(|pair| pair[0] == pair[1]);
    if uniform && !sort.iter().any(SortTerm::nullable) {
        let less = descending.first().copied().unwrap_or(false);
        return vec![Predicate::Beyond { columns, values: values.to_vec(), less }];
    }
    let mut segments = Vec::new();
    for place in (0..columns.len()).rev() {
        let same = (0..place).map(|earlier| equal(columns[earlier], &values[earlier]));
        let prefix = Predicate::all(same);
        for test in beyond(&values[place], descending[place], sort[place].nullable()) {
            segments.push(Predicate::all([prefix.clone(), Predicate::Test(Operand::Column(columns[place]), test)]));
        }
    }
    segments
}

fn equal(column: Ident, value: &Value) -> Predicate {
    Predicate::Test(Operand::Column(column), if value.is_null() { Test::Null } else { Test::Eq(value.clone()) })
}

fn beyond(value: &Value, descending: bool, nullable: bool) -> Vec<Test> {
    match (value.is_null(), descending) {
        (true, true) => vec![Test::NotNull],
        (true, false) => Vec::new(),
        (false, true) => vec![Test::Lt(value.clone())],
        (false, false) if nullable => vec![Test::Gt(value.clone()), Test::Null],
        (false, false) => vec![Test::Gt(value.clone())],
    }
}

/// A hash of texts, the same in every process and version (FNV-1a).
pub fn binding<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_years_that_requests_can_write() {
        let read = |text: &str| from_text(Storage::Date, text.to_owned());
        assert!(read("0000-01-01").is_some() && read("9999-12-31").is_some());
        assert_eq!((read("-0001-12-31"), read("+10000-01-01")), (None, None));
    }
}
