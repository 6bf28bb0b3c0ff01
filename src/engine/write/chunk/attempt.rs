//! Attempts at writing the drafts of a chunk, each under a savepoint. What is wrong before anything is written is taken out
//! on the way; what fails later undoes the attempt, and the rest is tried again. Where nothing tells what fails, it is
//! looked for by halves.

use std::collections::HashSet;

use diesel::pg::PgConnection;

use super::fate::Fates;
use crate::acl::authorize;
use crate::engine::document::ResourceObject;
use crate::engine::sql;
use crate::engine::write::plan::{Made, Role, WritePlan};
use crate::engine::write::sieve::{Sieve, begin_again};
use crate::engine::write::{Context, write_sifted};
use crate::error::{Error, Errors};

/// How often drafts are tried again as a whole without those that failed, before they are parted.
const AGAIN: u32 = 3;

pub(super) struct Attempts<'a, 'c> {
    pub context: Context<'a>,
    /// The plan of the whole chunk, until an attempt takes it. Another attempt makes it anew.
    pub plan: Option<WritePlan>,
    pub objects: &'c [(&'c ResourceObject, Role)],
    pub made: &'c Made,
    pub fates: Fates<'c>,
    pub rights_changed: bool,
}

impl Attempts<'_, '_> {
    /// Writes what is open of some drafts, which hang together with no others.
    pub fn write(&mut self, conn: &mut PgConnection, drafts: &[usize], again: u32) -> Result<(), Errors> {
        let drafts = self.fates.open(drafts);
        if drafts.is_empty() {
            return Ok(());
        }
        let plan = self.plan.take().unwrap_or_else(|| WritePlan::batch(self.objects, self.made).plan).only(&drafts);
        let (context, mut sieve) = (self.context, Open { fates: &mut self.fates, drafts: &drafts });
        let attempt =
            sql::transaction(conn, |conn| write_sifted(conn, context, authorize(plan, context.caller)?, &mut sieve));
        match attempt {
            Ok(written) => {
                self.rights_changed |= written.rights_changed;
                self.fates.settle(&drafts, written.records);
                Ok(())
            }
            Err(errors) if errors.0.iter().any(concerns_all) => Err(errors),
            Err(errors) => self.go_on(conn, &drafts, errors, again),
        }
    }

    /// After an attempt at some drafts has failed.
    fn go_on(&mut self, conn: &mut PgConnection, drafts: &[usize], errors: Errors, again: u32) -> Result<(), Errors> {
        let untold = self.fates.fail(errors.0);
        if untold.is_empty() && again < AGAIN {
            return self.write(conn, drafts, again + 1);
        }
        let rest = self.fates.open(drafts);
        let groups = self.fates.groups(&rest);
        match groups.len() {
            0 => Ok(()),
            1 if rest.len() < drafts.len() => self.write(conn, &rest, 0),
            1 => {
                self.fates.fail_together(&rest, &untold);
                Ok(())
            }
            count => {
                let (first, second) = groups.split_at(count / 2);
                self.write(conn, &in_order(first), 0)?;
                self.write(conn, &in_order(second), 0)
            }
        }
    }
}

/// Takes out of an attempt at some drafts what errors are about, and what hangs on that.
struct Open<'f, 'c> {
    fates: &'f mut Fates<'c>,
    drafts: &'f [usize],
}

impl Sieve for Open<'_, '_> {
    fn sift(&mut self, errors: Vec<Error>, places: &[usize]) -> Result<Vec<bool>, Errors> {
        if errors.iter().any(concerns_all) {
            return Err(Errors(errors));
        }
        let untold = self.fates.fail(errors);
        if !untold.is_empty() {
            return Err(Errors(untold));
        }
        let drafts: Vec<usize> = places.iter().map(|place| self.drafts[*place]).collect();
        let open: HashSet<usize> = self.fates.open(&drafts).into_iter().collect();
        if open.len() == drafts.len() {
            return Err(begin_again());
        }
        Ok(drafts.iter().map(|draft| open.contains(draft)).collect())
    }
}

/// The drafts of some groups as they were sent.
fn in_order(groups: &[Vec<usize>]) -> Vec<usize> {
    let mut drafts = groups.concat();
    drafts.sort_unstable();
    drafts
}

/// Whether an error is no fault of any record.
fn concerns_all(error: &Error) -> bool {
    matches!(error.status(), 429 | 503)
}
