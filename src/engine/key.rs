//! A record's id: as text on the wire, typed in SQL.

use std::fmt;

use uuid::Uuid;

use super::resource::IdKind;
use crate::error::Error;

/// Characters of a text id; more would not fit into its index.
const LONGEST_TEXT: usize = 255;

/// An id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Integer(i64),
    Text(String),
    /// The uuid and the value of the suffix column.
    Guid(Uuid, i64),
    Uuid(Uuid),
}

impl Key {
    /// Reads an id of a resource. The error is the contract's `entity identifier constraint`, without a source.
    pub fn parse(kind: IdKind, text: &str) -> Result<Key, Error> {
        match kind {
            IdKind::Integer => parse_integer(text).map(Key::Integer).ok_or_else(|| Error::invalid_id("integer", text)),
            IdKind::Text if text.contains('\0') || text.chars().count() > LONGEST_TEXT => {
                let shown: String = text.chars().take(LONGEST_TEXT).collect();
                Err(Error::invalid_id("string of at most 255 characters, none of them NUL,", &shown))
            }
            IdKind::Text => Ok(Key::Text(text.to_owned())),
            IdKind::Guid { .. } => parse_guid(text).ok_or_else(|| Error::invalid_id("GUID, a dash and a number", text)),
            IdKind::Uuid => parse_uuid(text).map(Key::Uuid).ok_or_else(|| Error::invalid_id("GUID", text)),
        }
    }
}

/// An integer that reads back as it was written: `007` and `+7` are none.
pub fn parse_integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn parse_guid(text: &str) -> Option<Key> {
    let (guid, suffix) = (text.get(..36)?, text.get(36..)?.strip_prefix('-')?);
    Some(Key::Guid(Uuid::try_parse(guid).ok()?, parse_integer(suffix)?))
}

/// The usual form with four dashes, in either letter case.
fn parse_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Integer(id) => write!(f, "{id}"),
            Key::Text(id) => f.write_str(id),
            Key::Guid(guid, suffix) => write!(f, "{guid}-{suffix}"),
            Key::Uuid(uuid) => write!(f, "{uuid}"),
        }
    }
}
