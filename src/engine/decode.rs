//! From the binary form in which Postgres sends a column to the bytes of the JSON value, by [`Kind`].
//!
//! No value in between and no floating point: numerics go from base-10000 digits to text. The wire forms are those of
//! the contract, section 22. What the column cannot hold by its type (a short buffer) becomes `null`.

mod array;
mod calendar;
mod numeric;

pub use array::array;
use base64::Engine as _;
use calendar::{date, date_time};
use numeric::{Decimals, hundredth, numeric};

use super::kind::Kind;

/// Appends the JSON value of a column; `None` is null.
pub fn json(out: &mut Vec<u8>, kind: Kind, bytes: Option<&[u8]>) {
    let written = bytes.and_then(|bytes| match kind {
        Kind::Text | Kind::LongText | Kind::Currency | Kind::Enum(_) | Kind::Password | Kind::Secret => {
            text(out, bytes)
        }
        Kind::Integer => integer(out, bytes),
        Kind::BigInt => quoted(out, |out| integer(out, bytes)),
        Kind::Float | Kind::Percent => numeric(out, bytes, Decimals::Trimmed),
        Kind::Percent100 => hundredth(out, bytes),
        Kind::Decimal => quoted(out, |out| numeric(out, bytes, Decimals::Trimmed)),
        Kind::Money => quoted(out, |out| numeric(out, bytes, Decimals::Four)),
        Kind::Boolean => boolean(out, bytes),
        Kind::Date => quoted(out, |out| date(out, bytes)),
        Kind::DateTime => quoted(out, |out| date_time(out, bytes)),
        Kind::Uuid => quoted(out, |out| uuid(out, bytes)),
        Kind::TextList | Kind::Array | Kind::Objects(_) | Kind::Json => jsonb(out, bytes),
        Kind::Base64 => base64(out, bytes),
    });
    if written.is_none() {
        out.extend_from_slice(b"null");
    }
}

/// Puts quotation marks around what `write` appends, or takes everything back when it writes nothing.
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
    let start = out.len();
    out.push(b'"');
    if write(out).is_none() {
        out.truncate(start);
        return None;
    }
    out.push(b'"');
    Some(())
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.push(b'"');
    escape(out, bytes);
    out.push(b'"');
    Some(())
}

/// Appends UTF-8 as the inside of a JSON string.
pub fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\') {
        out.extend_from_slice(&rest[..place]);
        match rest[place] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                out.extend_from_slice(b"\\u00");
                hex(out, control);
            }
        }
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
}

fn hex(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(DIGITS[usize::from(byte >> 4)]);
    out.push(DIGITS[usize::from(byte & 15)]);
}

/// A `smallint`, `integer` or `bigint`, by its length.
pub fn integer_value(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        2 => Some(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        4 => Some(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        8 => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// Appends a number's digits.
pub fn number(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn integer(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    number(out, integer_value(bytes)?);
    Some(())
}

fn boolean(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(if *bytes.first()? == 0 { b"false" } else { b"true" });
    Some(())
}

/// Appends a uuid's 36 characters.
pub fn uuid(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let uuid = uuid::Uuid::from_slice(bytes).ok()?;
    out.extend_from_slice(uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes());
    Some(())
}

/// `jsonb` in binary form: a version byte, then its text.
fn jsonb(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let (1, text) = (*bytes.first()?, bytes.get(1..)?) else { return None };
    out.extend_from_slice(text);
    Some(())
}

fn base64(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let start = out.len() + 1;
    out.push(b'"');
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = base64::engine::general_purpose::STANDARD.encode_slice(bytes, &mut out[start..]).ok()?;
    out.truncate(start + written);
    out.push(b'"');
    Some(())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use diesel::pg::data_types::PgNumeric;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn shown(kind: Kind, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        json(&mut out, kind, Some(bytes));
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The bytes Postgres would send, through Diesel's own conversion.
    fn numeric_bytes(value: Decimal) -> Vec<u8> {
        let (sign, weight, scale, digits) = match PgNumeric::from(value) {
            PgNumeric::Positive { weight, scale, digits } => (0x0000_u16, weight, scale, digits),
            PgNumeric::Negative { weight, scale, digits } => (0x4000, weight, scale, digits),
            PgNumeric::NaN => (0xC000, 0, 0, vec![]),
        };
        let mut bytes = Vec::new();
        bytes.extend(u16::try_from(digits.len()).expect("few digits").to_be_bytes());
        bytes.extend(weight.to_be_bytes());
        bytes.extend(sign.to_be_bytes());
        bytes.extend(scale.to_be_bytes());
        digits.iter().for_each(|digit| bytes.extend(digit.to_be_bytes()));
        bytes
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn numbers_have_the_decimals_of_their_kind() {
        for (kind, given, expected) in [
            (Kind::Float, "1.50", "1.5"),
            (Kind::Float, "10000", "10000"),
            (Kind::Float, "-0.00012", "-0.00012"),
            (Kind::Decimal, "1.2345670", "\"1.234567\""),
            (Kind::Decimal, "123.000", "\"123\""),
            (Kind::Money, "1.234", "\"1.2340\""),
            (Kind::Money, "0", "\"0.0000\""),
            (Kind::Money, "-12345678.9", "\"-12345678.9000\""),
            (Kind::Money, "1.00009", "\"1.0000\""),
            (Kind::Percent, "0.1", "0.1"),
            (Kind::Percent100, "10", "0.1"),
            (Kind::Percent100, "0.5", "0.005"),
            (Kind::Percent100, "-250", "-2.5"),
            (Kind::Percent100, "100", "1"),
        ] {
            assert_eq!(shown(kind, &numeric_bytes(decimal(given))), expected, "{given}");
        }
    }

    #[test]
    fn not_a_number_is_null() {
        assert_eq!(shown(Kind::Float, &[0, 0, 0, 0, 0xC0, 0, 0, 0]), "null");
        assert_eq!(shown(Kind::Decimal, &[0, 0, 0, 0, 0xD0, 0, 0, 0]), "null");
    }

    #[test]
    fn a_short_buffer_is_null() {
        for kind in [Kind::Integer, Kind::Float, Kind::Money, Kind::Date, Kind::DateTime, Kind::Uuid] {
            assert_eq!(shown(kind, &[1]), "null");
        }
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(shown(Kind::Text, "a\"b\\c\nd\u{1}é".as_bytes()), "\"a\\\"b\\\\c\\nd\\u0001é\"");
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(shown(Kind::Base64, b"ab"), "\"YWI=\"");
        assert_eq!(shown(Kind::Base64, b""), "\"\"");
    }

    proptest! {
        #[test]
        fn numerics_read_back(mantissa in any::<i64>(), scale in 0_u32..19) {
            let value = Decimal::new(mantissa, scale);
            let text = shown(Kind::Float, &numeric_bytes(value));
            prop_assert_eq!(text, value.normalize().to_string());
        }

        #[test]
        fn hundredths_read_back(mantissa in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0_u32..8) {
            let value = Decimal::new(mantissa, scale);
            let text = shown(Kind::Percent100, &numeric_bytes(value));
            prop_assert_eq!(text, (value / Decimal::ONE_HUNDRED).normalize().to_string());
        }

        #[test]
        fn moments_read_as_chrono_writes_them(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let epoch = 946_684_800_i64;
            let moment = DateTime::from_timestamp_micros(micros + epoch * 1_000_000).expect("in range");
            let expected = moment.format("\"%Y-%m-%dT%H:%M:%SZ\"").to_string();
            prop_assert_eq!(shown(Kind::DateTime, &micros.to_be_bytes()), expected);
        }

        #[test]
        fn days_read_as_chrono_writes_them(days in -700_000_i32..700_000) {
            let day = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day") + chrono::Duration::days(days.into());
            prop_assert_eq!(shown(Kind::Date, &days.to_be_bytes()), day.format("\"%Y-%m-%d\"").to_string());
        }

        #[test]
        fn texts_read_back(text in any::<String>()) {
            let read: String = serde_json::from_str(&shown(Kind::Text, text.as_bytes())).expect("JSON");
            prop_assert_eq!(read, text);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for kind in [Kind::Integer, Kind::Float, Kind::Money, Kind::Percent100, Kind::Date, Kind::DateTime, Kind::Json] {
                // Not read as text: a `jsonb` column passes on what Postgres has checked to be UTF-8.
                json(&mut Vec::new(), kind, Some(&bytes));
            }
            array(&bytes).for_each(drop);
        }
    }
}
