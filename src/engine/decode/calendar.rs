//! Days and moments, counted from Postgres's epoch, as ISO 8601.

use super::number;

/// Days from 1970-01-01 to 2000-01-01, Postgres's epoch.
const EPOCH_DAYS: i64 = 10_957;

/// Appends `2026-11-23`.
pub(super) fn date(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let days = i32::from_be_bytes(bytes.try_into().ok()?);
    if days == i32::MAX || days == i32::MIN {
        return None;
    }
    calendar(out, i64::from(days) + EPOCH_DAYS);
    Some(())
}

/// Appends `2026-11-23T18:45:00Z`, in UTC.
pub(super) fn date_time(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
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
