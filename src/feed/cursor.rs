//! Cursors of the feed: a position in an organization's changes, as an opaque text.
//!
//! A cursor belongs to the organization and to nothing else: a reader may go on with other filters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::engine::cursor::binding;

/// The cursor after the change at that position; 0 is before the first.
pub fn encode(organization: i64, position: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{:016x}{position}", of(organization)))
}

/// The position of a cursor of that organization.
pub fn decode(organization: i64, cursor: &str) -> Option<i64> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (hash, position) = plain.split_at_checked(16)?;
    let own = u64::from_str_radix(hash, 16) == Ok(of(organization));
    position.parse().ok().filter(|position| own && *position >= 0)
}

fn of(organization: i64) -> u64 {
    binding(["changes", itoa::Buffer::new().format(organization)])
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_cursor_belongs_to_its_organization() {
        let cursor = encode(7, 42);
        assert_eq!(decode(7, &cursor), Some(42));
        assert_eq!(decode(8, &cursor), None);
        assert_eq!(decode(7, "NDI"), None);
        assert_eq!(decode(7, &encode(7, -1)), None);
    }
}
