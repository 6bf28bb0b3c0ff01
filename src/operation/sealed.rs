//! Stored records of batches: compressed, then sealed with the server's key, since passwords may be among them.
//!
//! Each is sealed for its [`Place`], so that none can be read at another one's. The id of the key stands before it: what
//! another key has sealed is told from what was altered.

use std::fmt;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::auth::secret::ServerKey;
use crate::error::{Error, SEALED_UNDER_ANOTHER_KEY, SEALED_VALUE_ALTERED};

/// Characters of a key's id.
const KEY_ID: usize = 8;

/// Where sealed records lie: in an operation of an organization.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub organization: i64,
    pub operation: i64,
    pub part: Part,
}

/// Which part of an operation, by its number.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Of the body as it came in, from 0.
    Piece(i32),
    /// Of the records, from 1.
    Chunk(i32),
}

/// As it is told.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Piece(number) => write!(f, "piece {number} of the body"),
            Part::Chunk(number) => write!(f, "chunk {number} of the records"),
        }
    }
}

impl Place {
    /// What is sealed there cannot be opened for anything else.
    fn purpose(&self) -> String {
        let Place { organization, operation, part } = self;
        let (kind, number) = match part {
            Part::Piece(number) => ("piece", number),
            Part::Chunk(number) => ("chunk", number),
        };
        format!("batch:{organization}:{operation}:{kind}:{number}")
    }
}

/// What is stored at a place.
pub fn seal(key: &ServerKey, place: Place, clear: &[u8]) -> Result<Vec<u8>, Error> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packer.write_all(clear).and_then(|()| packer.finish()).map_err(Error::internal)?;
    let mut stored = key.id().as_bytes().to_vec();
    stored.append(&mut key.seal(&place.purpose(), &packed)?);
    Ok(stored)
}

/// What was sealed for that place. Errors: what another key has sealed, and what was altered or lay elsewhere.
pub fn open(key: &ServerKey, place: Place, stored: &[u8]) -> Result<Vec<u8>, Error> {
    let (id, sealed) = stored.split_at_checked(KEY_ID).ok_or_else(|| altered(place))?;
    if id != key.id().as_bytes() {
        return Err(another_key(place, &String::from_utf8_lossy(id), key.id()));
    }
    let packed = key.open(&place.purpose(), key.id(), sealed).map_err(|_| altered(place))?;
    let mut clear = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut clear).map_err(Error::internal)?;
    // A reader keeps several.
    clear.shrink_to_fit();
    Ok(clear)
}

fn another_key(place: Place, sealed: &str, own: &str) -> Error {
    let Place { operation, part, .. } = place;
    Error::new(
        &SEALED_UNDER_ANOTHER_KEY,
        format!(
            "The {part} of the operation {operation} is sealed under the server key {sealed}, and this server has the key \
             {own}. Nothing of it is lost: it can be read as soon as a server with the former key runs."
        ),
    )
}

fn altered(place: Place) -> Error {
    let Place { operation, part, .. } = place;
    Error::new(
        &SEALED_VALUE_ALTERED,
        format!(
            "The {part} of the operation {operation} was altered in the database, or belongs to another operation: it \
             cannot be read. Send what was not written again."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { organization: 1, operation: 2, part: Part::Piece(3) };

    fn key(digit: &str) -> ServerKey {
        ServerKey::parse(&digit.repeat(64)).unwrap()
    }

    #[test]
    fn records_are_read_where_they_were_sealed_and_nowhere_else() {
        let key = key("a");
        let clear = b"a password, and a password ".repeat(50);
        let stored = seal(&key, PLACE, &clear).unwrap();
        assert!(stored.len() < clear.len() / 4);
        assert_eq!(open(&key, PLACE, &stored).unwrap(), clear);
        let others = [
            Place { organization: 2, ..PLACE },
            Place { operation: 3, ..PLACE },
            Place { part: Part::Piece(4), ..PLACE },
            Place { part: Part::Chunk(3), ..PLACE },
        ];
        for place in others {
            assert_eq!(open(&key, place, &stored).unwrap_err().code, &SEALED_VALUE_ALTERED, "{place:?}");
        }
        for altered in [&stored[..5], &stored[..KEY_ID], &stored[..KEY_ID + 5], &stored[..stored.len() - 1]] {
            assert_eq!(open(&key, PLACE, altered).unwrap_err().code, &SEALED_VALUE_ALTERED);
        }
    }

    #[test]
    fn another_key_is_named() {
        let (one, two) = (key("a"), key("b"));
        let error = open(&two, PLACE, &seal(&one, PLACE, b"x").unwrap()).unwrap_err();
        assert_eq!(error.code, &SEALED_UNDER_ANOTHER_KEY);
        assert!(error.detail.contains(one.id()) && error.detail.contains(two.id()), "{error}");
    }
}
