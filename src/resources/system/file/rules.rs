//! Files: content or URL, and what follows from the content.

use serde_json::json;

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};

pub struct FileRules;

impl Rules for FileRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node_mut(*index);
            if let Some(Value::Bytes(content)) = node.value("content") {
                let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
                node.set("fileSize", Value::Integer(size));
            }
            if let Some(url) = node.value("externalUrl").and_then(Value::as_text) {
                let path = json!([{"url": url}]);
                node.set("filePath", Value::Json(path));
            }
            errors.extend(source_error(node));
        }
        Errors::check(errors)
    }
}

/// A file has either a content, with its name and type, or a URL.
fn source_error(node: &Node) -> Option<Error> {
    if let Some(url) = node.value("externalUrl").and_then(Value::as_text) {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let error = Error::form("This value is not valid. Expected a URL that begins with https:// or http://.");
            return Some(node.at_attribute("externalUrl", error));
        }
        let both = !node.effective("content").is_null();
        let error = Error::form("A file has either a content or an external URL, not both.");
        return both.then(|| node.at_attribute("externalUrl", error));
    }
    if node.creates && node.effective("content").is_null() {
        return Some(node.at_attribute("content", Error::not_blank()));
    }
    let needed = ["mimeType", "originalFilename"].into_iter();
    let missing = needed.filter(|_| node.creates).find(|name| node.effective(name).is_null());
    missing.map(|name| node.at_attribute(name, Error::not_blank()))
}
