//! What surrounds the rows of a document: links, and where its pages lead.

use super::Progress;
use crate::engine::decode;
use crate::engine::plan::{Page, Position, ReadPlan};
use crate::engine::render::path_segment;

/// What surrounds the rows of a document.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Whether `data` is a list.
    pub many: bool,
    /// The top-level links that are known beforehand, by name.
    pub links: Vec<(&'static str, String)>,
    /// The URL that page links start with; `None` for a document without pages.
    pub pages: Option<String>,
    /// The query's parameters, decoded; page links repeat them.
    pub parameters: Vec<(String, String)>,
    /// The most rows an answer may have.
    pub row_limit: u64,
    /// Whether the record's version is wanted, for an ETag.
    pub version: bool,
}

impl Progress {
    /// The links to other pages.
    pub(super) fn page_links(&self, plan: &ReadPlan) -> Vec<(&'static str, String)> {
        let Some(base) = &self.frame.pages else { return Vec::new() };
        let link = |change: Option<(&str, &str)>| page_link(base, &self.frame.parameters, change);
        let mut links = Vec::new();
        match &plan.page {
            Page::All => {}
            Page::Number { number, .. } => {
                if *number > 1 {
                    links.push(("first", link(None)));
                    let before = (number - 1).to_string();
                    links.push(("prev", link((*number > 2).then_some(("page[number]", before.as_str())))));
                }
                if self.more {
                    links.push(("next", link(Some(("page[number]", &(number + 1).to_string())))));
                }
            }
            Page::Cursor { position, .. } => {
                let Some((first, last)) = &self.edges else { return links };
                let (earlier, later) = match position {
                    Position::Start => (false, self.more),
                    Position::After(_) => (true, self.more),
                    Position::Before(_) => (self.more, true),
                };
                if earlier {
                    links.push(("prev", link(Some(("page[before]", first)))));
                }
                if later {
                    links.push(("next", link(Some(("page[after]", last)))));
                }
            }
        }
        links
    }
}

/// Appends `,"links":{…}`, or nothing where there are none.
pub fn write_links(out: &mut Vec<u8>, links: &[(&str, String)]) {
    for (index, (name, url)) in links.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b",\"links\":{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":\"");
        decode::escape(out, url.as_bytes());
        out.push(b'"');
    }
    if !links.is_empty() {
        out.push(b'}');
    }
}

/// The URL with the parameters in alphabetical order, the page's place changed.
pub fn page_link(base: &str, parameters: &[(String, String)], change: Option<(&str, &str)>) -> String {
    let mut pairs: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| !matches!(*key, "page[number]" | "page[after]" | "page[before]"))
        .chain(change)
        .collect();
    pairs.sort_unstable();
    let mut url = base.to_owned();
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(&path_segment(key));
        url.push('=');
        url.push_str(&path_segment(value));
    }
    url
}
