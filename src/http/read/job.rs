//! A read that only needs a connection: rights, the records that have to be there, and the rows.

use std::sync::Arc;

use diesel::pg::PgConnection;

use crate::acl::{self, Authorized, Caller};
use crate::engine::key::Key;
use crate::engine::load::{Facts, Frame, Progress};
use crate::engine::lookup;
use crate::engine::plan::ReadPlan;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::{Error, Errors};
use crate::http::async_operation;

/// What is looked at beside the rows themselves.
#[derive(Clone)]
pub(super) enum Guard {
    None,
    /// The record must be there: else 404, or 403 when it is hidden.
    Item(&'static Resource, Key),
    /// So must the record whose relationship is read.
    Parent(&'static Resource, Key),
    /// So must the asynchronous operation.
    Operation(Key),
}

/// A read that only needs a connection.
#[derive(Clone)]
pub(super) struct Job {
    pub plan: ReadPlan,
    pub frame: Frame,
    pub guard: Guard,
    pub view: View,
    pub caller: Arc<Caller>,
    pub by_relationship: bool,
}

/// A document, or the beginning of one that is too large to be built whole.
pub(super) enum Outcome {
    Whole(Vec<u8>, Facts),
    Begun(Vec<u8>, Box<Progress>),
}

impl Job {
    pub fn authorize(&self) -> Result<Authorized<'_, ReadPlan>, Error> {
        if self.by_relationship {
            // The right to the parent suffices; ids that the caller may not view are left out.
            Ok(acl::authorize_linkage(self.plan.clone(), &self.caller))
        } else {
            acl::authorize(self.plan.clone(), &self.caller)
        }
    }

    pub fn begin(&self, conn: &mut PgConnection) -> Result<Outcome, Errors> {
        if let Guard::Parent(resource, key) = &self.guard {
            lookup::check_parent(conn, &self.caller, resource, key)?;
        }
        if let Guard::Operation(key) = &self.guard {
            async_operation::check(conn, &self.caller, key)?;
        }
        let plan = self.authorize()?;
        let mut progress = Progress::new(self.frame.clone(), &[]);
        let mut body = Vec::with_capacity(4096);
        while progress.next(conn, &plan, &self.view, &mut body)? {
            if progress.is_large() {
                return Ok(Outcome::Begun(body, Box::new(progress)));
            }
        }
        if let (Guard::Item(resource, key), 0) = (&self.guard, progress.facts.rows) {
            return Err(lookup::why_not_found(conn, &self.caller, resource, key)?.into());
        }
        Ok(Outcome::Whole(body, progress.facts))
    }
}
