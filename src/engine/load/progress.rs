//! A document under way, piece by piece: its data, what is included, links and meta.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::pg::PgConnection;

use super::frame::write_links;
use super::{BATCH, Extra, Facts, Frame, Listed, count};
use crate::acl::Authorized;
use crate::engine::decode;
use crate::engine::key::Key;
use crate::engine::plan::ReadPlan;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::Error;

/// A document under way.
pub struct Progress {
    pub(super) frame: Frame,
    pub(super) extras: HashMap<(&'static str, Key), (&'static Resource, String)>,
    pub(super) stage: Stage,
    /// The records of the list, where they are known beforehand, and the labels of some.
    pub(super) listed: Option<Vec<Key>>,
    pub(super) labels: HashMap<Key, String>,
    pub facts: Facts,
    /// The records written so far, when there is something to include.
    pub(super) written: HashSet<(&'static str, Key)>,
    /// For each include path, the ids found at its end.
    pub(super) found: Vec<Vec<(&'static Resource, BTreeSet<Key>)>>,
    pub(super) included: bool,
    /// Whether rows follow the page.
    pub(super) more: bool,
    /// The cursors of the first and last row shown.
    pub(super) edges: Option<(String, String)>,
}

/// What of a document comes next.
pub(super) enum Stage {
    Start,
    /// The ids of a large answer or of several resources, and how many of them are done.
    Rows(Vec<(&'static Resource, Key)>, usize),
    /// The include path whose records come next.
    Includes(usize),
    Extras,
    End,
    Done,
}

impl Progress {
    pub fn new(frame: Frame, extras: &[Extra]) -> Progress {
        Progress {
            frame,
            extras: extras
                .iter()
                .map(|extra| ((extra.resource.name, extra.key.clone()), (extra.resource, extra.include_id.clone())))
                .collect(),
            stage: Stage::Start,
            listed: None,
            labels: HashMap::new(),
            facts: Facts::default(),
            written: HashSet::new(),
            found: Vec::new(),
            included: false,
            more: false,
            edges: None,
        }
    }

    /// The list of those records.
    pub(super) fn of(frame: Frame, listed: &[Listed], extras: &[Extra]) -> Progress {
        Progress {
            listed: Some(listed.iter().map(|one| one.key.clone()).collect()),
            labels: listed.iter().filter_map(|one| Some((one.key.clone(), one.data_id.clone()?))).collect(),
            ..Progress::new(frame, extras)
        }
    }

    /// Whether more than a batch of rows is still to come, so that the document is better given away piece by piece.
    pub fn is_large(&self) -> bool {
        matches!(&self.stage, Stage::Rows(keys, done) if keys.len() - done > 0 && keys.len() as u64 > BATCH)
    }

    /// Appends the next piece; `false` when the document is complete. Between two calls the connection may change.
    pub fn next(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start => {
                self.found = plan.plan().include.iter().map(|_| Vec::new()).collect();
                if plan.plan().total {
                    self.facts.total = count(conn, plan)?;
                }
                out.extend_from_slice(b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":");
                out.extend_from_slice(if self.frame.many { b"[" } else { b"" });
                self.stage = self.start(conn, plan, view, out)?;
                if !matches!(self.stage, Stage::Rows(..)) {
                    self.close_data(out);
                }
                Ok(true)
            }
            Stage::Rows(keys, done) => {
                let end = keys.len().min(done + BATCH as usize);
                self.batch(conn, plan, view, out, &keys[done..end])?;
                if end < keys.len() {
                    self.stage = Stage::Rows(keys, end);
                } else {
                    self.close_data(out);
                    self.stage = Stage::Includes(0);
                }
                Ok(true)
            }
            Stage::Includes(index) if index < plan.plan().include.len() => {
                self.includes(conn, plan, view, out, index)?;
                Ok(true)
            }
            Stage::Includes(_) => {
                self.stage = Stage::Extras;
                Ok(true)
            }
            Stage::Extras => {
                self.remaining_extras(conn, plan, view, out)?;
                self.stage = Stage::End;
                Ok(true)
            }
            Stage::End => {
                self.end(plan, view, out);
                Ok(false)
            }
            Stage::Done => Ok(false),
        }
    }

    fn close_data(&mut self, out: &mut Vec<u8>) {
        if self.frame.many {
            out.push(b']');
        } else if self.facts.rows == 0 {
            out.extend_from_slice(b"null");
        }
    }

    /// Whatever follows the data: the end of `included`, links and meta.
    fn end(&mut self, plan: &Authorized<'_, ReadPlan>, view: &View, out: &mut Vec<u8>) {
        if self.included {
            out.push(b']');
        } else if plan.plan().compound {
            out.extend_from_slice(b",\"included\":[]");
        }
        if view.links {
            let mut links = self.frame.links.clone();
            links.extend(self.page_links(plan.plan()));
            write_links(out, &links);
        }
        if let Some(total) = self.facts.total {
            out.extend_from_slice(b",\"meta\":{\"page\":{\"total\":");
            decode::number(out, total);
            out.extend_from_slice(b"}}");
        }
        out.push(b'}');
    }
}
