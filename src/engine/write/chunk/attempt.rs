//! Attempts at writing the drafts of a chunk, each under a savepoint: what fails is taken out and the rest tried again;
//! where nothing tells what fails, it is looked for by halves.

use diesel::pg::PgConnection;

use super::fate::Fates;
use crate::acl::authorize;
use crate::engine::sql;
use crate::engine::write::plan::WritePlan;
use crate::engine::write::{Context, write};
use crate::error::{Error, Errors};

/// How often drafts are tried again as a whole without those that failed, before they are parted.
const AGAIN: u32 = 3;

pub(super) struct Attempts<'a> {
    pub plan: &'a WritePlan,
    pub context: Context<'a>,
    pub fates: &'a mut Fates,
    pub rights_changed: bool,
}

impl Attempts<'_> {
    /// Writes what is open of some drafts, which hang together with no others.
    pub fn write(&mut self, conn: &mut PgConnection, drafts: &[usize], again: u32) -> Result<(), Errors> {
        let drafts = self.fates.open(drafts);
        if drafts.is_empty() {
            return Ok(());
        }
        let attempt = sql::transaction(conn, |conn| {
            write(conn, self.context, authorize(self.plan.only(&drafts), self.context.caller)?)
        });
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
                self.fates.fail_together(self.plan, &rest, &untold);
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
