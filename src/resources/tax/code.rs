//! The codes of taxes and jurisdictions, by which other systems know them.

use crate::engine::write::Node;
use crate::error::{ALPHANUMERIC, Error};

/// A code is made of letters, digits, dashes and underscores.
pub fn code_error(node: &Node) -> Option<Error> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let detail = "This value should contain only latin letters, numbers and symbols \"-\" or \"_\".";
    (!node.value("code")?.as_text()?.chars().all(allowed))
        .then(|| node.at_attribute("code", Error::new(&ALPHANUMERIC, detail)))
}
