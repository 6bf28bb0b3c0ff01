//! An expression's text as tokens.

use rust_decimal::Decimal;

use super::expression::Fault;

/// A token and its place, the number of characters before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub what: What,
    pub place: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Number(Decimal),
    Text(String),
    /// A name or a word such as `and`.
    Word(String),
    Sign(&'static str),
    End,
}

impl What {
    /// The token as an error shows it.
    pub fn shown(&self) -> String {
        match self {
            What::Number(number) => format!("\"{number}\""),
            What::Text(text) => format!("\"'{text}'\""),
            What::Word(word) => format!("\"{word}\""),
            What::Sign(sign) => format!("\"{sign}\""),
            What::End => "the end".to_owned(),
        }
    }
}

/// The longest come first.
const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".", "!"];

pub fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(letter) = letters.get(place).copied() {
        let start = place;
        let while_in = |from: usize, allowed: fn(char) -> bool| {
            from + letters[from..].iter().take_while(|letter| allowed(**letter)).count()
        };
        let what = if letter.is_whitespace() {
            place += 1;
            continue;
        } else if letter.is_ascii_digit() {
            place = while_in(place, |letter| letter.is_ascii_digit());
            let fraction = letters.get(place) == Some(&'.') && letters.get(place + 1).is_some_and(char::is_ascii_digit);
            if fraction {
                place = while_in(place + 1, |letter| letter.is_ascii_digit());
            }
            let digits: String = letters[start..place].iter().collect();
            let number = Decimal::from_str_exact(&digits)
                .map_err(|_| Fault::new(start, format!("The number {digits} has too many digits")))?;
            What::Number(number)
        } else if letter.is_ascii_alphabetic() || letter == '_' {
            place = while_in(place, |letter| letter.is_ascii_alphanumeric() || letter == '_');
            What::Word(letters[start..place].iter().collect())
        } else if letter == '\'' || letter == '"' {
            let (text, end) = quoted(&letters, start, letter)?;
            place = end;
            What::Text(text)
        } else {
            let rest: String = letters[place..].iter().take(2).collect();
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| Fault::new(start, format!("The sign \"{letter}\" is not known")))?;
            place += sign.len();
            What::Sign(sign)
        };
        tokens.push(Token { what, place: start });
    }
    tokens.push(Token { what: What::End, place: letters.len() });
    Ok(tokens)
}

/// The text between quotes, in which a backslash takes the next letter as it is, and the place after it.
fn quoted(letters: &[char], start: usize, quote: char) -> Result<(String, usize), Fault> {
    let mut text = String::new();
    let mut rest = letters.iter().enumerate().skip(start + 1);
    while let Some((place, letter)) = rest.next() {
        if *letter == quote {
            return Ok((text, place + 1));
        }
        match letter {
            '\\' => text.extend(rest.next().map(|(_, letter)| *letter)),
            letter => text.push(*letter),
        }
    }
    Err(Fault::new(start, "The quote has no end"))
}
