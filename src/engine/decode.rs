//! From the binary form in which Postgres sends a column to the bytes of the JSON value, by [`Kind`].
//!
//! No value in between and no floating point: numerics go from base-10000 digits to text. The wire forms are those of
//! the contract, section 22. What the column cannot hold by its type (a short buffer) becomes `null`.

use base64::Engine as _;

use super::kind::Kind;

/// Appends the JSON value of a column; `None` is null.
pub fn json(out: &mut Vec<u8>, kind: Kind, bytes: Option<&[u8]>) {
    let written = bytes.and_then(|bytes| match kind {
        Kind::Text | Kind::LongText | Kind::Currency | Kind::Enum(_) | Kind::Password => text(out, bytes),
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

#[derive(Clone, Copy, PartialEq)]
enum Decimals {
    /// As many as there are, without zeros at the end.
    Trimmed,
    /// Exactly four; further ones are cut.
    Four,
}

/// A finite numeric in Postgres's binary form: digits in base 10000, the first of weight `10000^weight`.
struct Numeric<'b> {
    negative: bool,
    weight: i16,
    digits: &'b [u8],
}

impl<'b> Numeric<'b> {
    fn parse(bytes: &'b [u8]) -> Option<Numeric<'b>> {
        let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let (count, weight, sign) = (word(0)?, word(2)?, word(4)?);
        let negative = match sign {
            0x0000 => false,
            0x4000 => true,
            _ => return None,
        };
        let digits = bytes.get(8..8 + 2 * usize::from(count))?;
        Some(Numeric { negative, weight: weight.cast_signed(), digits })
    }

    /// The base-10000 digit of weight `10000^weight`.
    fn digit(&self, weight: i16) -> u16 {
        let Ok(place) = usize::try_from(i32::from(self.weight) - i32::from(weight)) else { return 0 };
        match self.digits.get(2 * place..2 * place + 2) {
            Some(&[high, low]) => u16::from_be_bytes([high, low]),
            _ => 0,
        }
    }

    /// The weight of the last digit.
    fn last(&self) -> i16 {
        let count = i16::try_from(self.digits.len() / 2).unwrap_or(i16::MAX);
        self.weight.saturating_sub(count.saturating_sub(1))
    }
}

fn numeric(out: &mut Vec<u8>, bytes: &[u8], decimals: Decimals) -> Option<()> {
    let number = Numeric::parse(bytes)?;
    if number.negative {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(number.digit(number.weight.max(0))).as_bytes());
    for weight in (0..number.weight.max(0)).rev() {
        four_digits(out, number.digit(weight));
    }
    match decimals {
        Decimals::Four => {
            out.push(b'.');
            four_digits(out, number.digit(-1));
        }
        Decimals::Trimmed if number.last() < 0 => {
            out.push(b'.');
            for weight in (number.last()..0).rev() {
                four_digits(out, number.digit(weight));
            }
            while out.last() == Some(&b'0') {
                out.pop();
            }
            if out.last() == Some(&b'.') {
                out.pop();
            }
        }
        Decimals::Trimmed => {}
    }
    Some(())
}

fn four_digits(out: &mut Vec<u8>, digit: u16) {
    let (high, low) = (digit / 100, digit % 100);
    for part in [high / 10, high % 10, low / 10, low % 10] {
        out.push(b'0' + u8::try_from(part).unwrap_or(0));
    }
}

/// A numeric that holds 10 for 10 %, shown as 0.1: the point moves two places.
fn hundredth(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let mut whole = Vec::with_capacity(24);
    numeric(&mut whole, bytes, Decimals::Trimmed)?;
    let (sign, digits) = match whole.split_first() {
        Some((b'-', rest)) => (&b"-"[..], rest),
        _ => (&b""[..], &whole[..]),
    };
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (before, after) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    out.extend_from_slice(sign);
    let cut = before.len().saturating_sub(2);
    out.extend_from_slice(if cut == 0 { b"0" } else { &before[..cut] });
    out.push(b'.');
    out.extend((before.len()..2).map(|_| b'0'));
    out.extend_from_slice(&before[cut..]);
    out.extend_from_slice(after);
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.pop();
    }
    Some(())
}

fn boolean(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(if *bytes.first()? == 0 { b"false" } else { b"true" });
    Some(())
}

/// Days from 1970-01-01 to 2000-01-01, Postgres's epoch.
const EPOCH_DAYS: i64 = 10_957;

fn date(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let days = i32::from_be_bytes(bytes.try_into().ok()?);
    if days == i32::MAX || days == i32::MIN {
        return None;
    }
    calendar(out, i64::from(days) + EPOCH_DAYS);
    Some(())
}

fn date_time(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    if micros == i64::MAX || micros == i64::MIN {
        return None;
    }
    let seconds = micros.div_euclid(1_000_000);
    calendar(out, seconds.div_euclid(86_400) + EPOCH_DAYS);
    let second = seconds.rem_euclid(86_400);
    out.push(b'T');
    two_digits(out, second / 3600);
    out.push(b':');
    two_digits(out, second / 60 % 60);
    out.push(b':');
    two_digits(out, second % 60);
    out.push(b'Z');
    Some(())
}

/// Appends `YYYY-MM-DD` for a day counted from 1970-01-01, in the proleptic Gregorian calendar. Years of 400 are the
/// unit, and a year begins in March, so that the leap day is its last.
fn calendar(out: &mut Vec<u8>, day: i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..10_000).contains(&year) {
        two_digits(out, year / 100);
        two_digits(out, year % 100);
    } else {
        number(out, year);
    }
    out.push(b'-');
    two_digits(out, month);
    out.push(b'-');
    two_digits(out, day_of_month);
}

fn two_digits(out: &mut Vec<u8>, value: i64) {
    out.push(b'0' + u8::try_from(value / 10 % 10).unwrap_or(0));
    out.push(b'0' + u8::try_from(value % 10).unwrap_or(0));
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

/// The elements of a one-dimensional array in binary form. Nulls are left out.
pub fn array(bytes: &[u8]) -> Elements<'_> {
    // Dimensions, flags, element type; then size and lower bound of the one dimension. An empty array has none.
    let has_elements = bytes.get(..4).is_some_and(|dimensions| dimensions == 1_i32.to_be_bytes());
    Elements(if has_elements { bytes.get(20..).unwrap_or_default() } else { &[] })
}

/// See [`array()`].
pub struct Elements<'b>(&'b [u8]);

impl<'b> Iterator for Elements<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        loop {
            let (length, rest) = self.0.split_at_checked(4)?;
            let length = i32::from_be_bytes(length.try_into().ok()?);
            let Ok(length) = usize::try_from(length) else {
                self.0 = rest;
                continue;
            };
            let (element, rest) = rest.split_at_checked(length)?;
            self.0 = rest;
            return Some(element);
        }
    }
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
