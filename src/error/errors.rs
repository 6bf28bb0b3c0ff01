//! Several errors as one answer.

use std::fmt;

use super::Error;

/// How many errors an answer tells: whoever has mended a thousand may ask again.
const SHOWN: usize = 1_000;

/// All the errors of one answer; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(pub Vec<Error>);

impl Errors {
    /// `Ok` when nothing was collected.
    pub fn check(errors: Vec<Error>) -> Result<(), Errors> {
        if errors.is_empty() { Ok(()) } else { Err(Errors(errors)) }
    }

    /// The status of the answer (contract 17): the highest hundred; one distinct code in it, else 409 if it is
    /// among them, else 400 or 500.
    pub fn status(&self) -> u16 {
        let group = self.0.iter().map(|error| error.status() / 100).max().unwrap_or(5);
        let mut codes: Vec<u16> = self.0.iter().map(Error::status).filter(|status| status / 100 == group).collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [single] => *single,
            _ if codes.contains(&409) => 409,
            _ => group * 100,
        }
    }

    /// The errors document (contract 17), with the first [`SHOWN`] of the errors. `request` is the request's id.
    pub fn document(&self, request: &str) -> Vec<u8> {
        let errors: Vec<serde_json::Value> = self.0.iter().take(SHOWN).map(|error| error.object(request)).collect();
        serde_json::json!({"jsonapi": {"version": "1.1"}, "errors": errors}).to_string().into_bytes()
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors(vec![error])
    }
}

impl From<diesel::result::Error> for Errors {
    fn from(error: diesel::result::Error) -> Errors {
        Errors(vec![error.into()])
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
