//! Numerics: from digits in base 10000 to decimal text.

/// How many decimals are shown.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Decimals {
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

/// Appends a numeric as a JSON number.
pub(super) fn numeric(out: &mut Vec<u8>, bytes: &[u8], decimals: Decimals) -> Option<()> {
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
pub(super) fn hundredth(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
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
