//! One run of a job: what the job learns about itself, and how it ends.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use diesel::pg::PgConnection;

use super::claim::{Claimed, Token, hold};
use super::{Stop, family};
use crate::db::{Db, Failure};
use crate::error::{Code, Error, Errors};

/// Why a run did not complete its job.
#[derive(Debug)]
pub enum Failed {
    /// To be tried again, after a pause that grows. `?` makes it of any [`Error`] or [`Errors`].
    Again(Errors),
    /// To be tried again after that time, such as a `Retry-After`.
    After(Duration, String),
    /// To be tried no more.
    Never(String),
    /// Another worker has the job by now, or it was cancelled: what this one did to the database is rolled back.
    Lost,
}

impl Failed {
    /// It cannot succeed, however often it is tried.
    pub fn never(why: impl Into<String>) -> Failed {
        Failed::Never(why.into())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Again(errors) => write!(f, "{errors}"),
            Failed::After(_, why) | Failed::Never(why) => f.write_str(why),
            Failed::Lost => f.write_str("Another worker has taken the job over, or it was cancelled."),
        }
    }
}

impl From<Errors> for Failed {
    fn from(errors: Errors) -> Failed {
        Failed::Again(errors)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Again(error.into())
    }
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Failed {
        Failed::Again(error.into())
    }
}

impl Failure for Failed {
    fn has(&self, code: &'static Code) -> bool {
        matches!(self, Failed::Again(errors) if errors.has(code))
    }
}

/// A job under way.
pub struct Run<'a> {
    job: &'a Claimed,
    worker: i64,
    stop: &'a Stop,
    commits: Commits<'a>,
    completed: Cell<bool>,
}

/// Whose transaction completes the job.
enum Commits<'a> {
    Alone(&'a Db),
    /// That of its group, which holds the claim and completes all of its jobs in the end.
    Together(RefCell<&'a mut PgConnection>),
}

impl<'a> Run<'a> {
    pub(super) fn alone(job: &'a Claimed, worker: i64, stop: &'a Stop, db: &'a Db) -> Run<'a> {
        Run { job, worker, stop, commits: Commits::Alone(db), completed: Cell::new(false) }
    }

    pub(super) fn together(job: &'a Claimed, worker: i64, stop: &'a Stop, conn: &'a mut PgConnection) -> Run<'a> {
        Run { job, worker, stop, commits: Commits::Together(RefCell::new(conn)), completed: Cell::new(false) }
    }

    /// The job's id, by which [`super::progress`] and [`super::cancel`] know it.
    pub fn id(&self) -> i64 {
        self.job.id
    }

    /// Whom the work is for; `None`: the system.
    pub fn organization(&self) -> Option<i64> {
        self.job.organization_id
    }

    /// The root below which it is a child.
    pub fn root(&self) -> Option<i64> {
        self.job.root_id
    }

    /// Which start of the job this is: 1 is the first.
    pub fn attempt(&self) -> u32 {
        self.job.attempts.unsigned_abs()
    }

    /// Whether a failure of this run makes it a dead letter.
    pub fn is_last_attempt(&self) -> bool {
        self.job.attempts >= self.job.max_attempts
    }

    /// What went wrong the last time.
    pub fn last_error(&self) -> Option<&str> {
        self.job.last_error.as_deref()
    }

    /// Whether the process is about to stop: it waits a while for running jobs, then others take them over.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_wished()
    }

    /// Does the job's effects and completes it in one transaction: all of it happens, or nothing. The effects are
    /// repeated when another transaction got in their way. When another worker has taken the job over meanwhile, or it
    /// was cancelled, they are not begun, and the answer is [`Failed::Lost`].
    pub fn complete<T>(&self, mut effects: impl FnMut(&mut PgConnection) -> Result<T, Failed>) -> Result<T, Failed> {
        if self.completed.get() {
            return Err(Failed::never("The job was completed twice in one run."));
        }
        let value = match &self.commits {
            Commits::Together(conn) => match conn.try_borrow_mut() {
                Ok(mut conn) => effects(&mut conn)?,
                Err(_) => return Err(Failed::never("The job was completed inside of its completion.")),
            },
            Commits::Alone(db) => db.transaction_now(|conn| {
                self.check(conn)?;
                let value = effects(conn)?;
                family::succeed(conn, &[self.job.id])?;
                Ok::<T, Failed>(value)
            })?,
        };
        self.completed.set(true);
        Ok(value)
    }

    /// A step of the work in a transaction of its own, which rolls back when the job is not this worker's any more. The
    /// job goes on afterwards; a repeated run meets what the step has written.
    pub fn step<T>(&self, mut work: impl FnMut(&mut PgConnection) -> Result<T, Failed>) -> Result<T, Failed> {
        match &self.commits {
            Commits::Together(_) => Err(Failed::never("A job that is run in groups has no steps.")),
            Commits::Alone(db) => db.transaction_now(|conn| {
                self.check(conn)?;
                work(conn)
            }),
        }
    }

    /// [`Failed::Lost`] unless the job is still this worker's, which it then stays until the transaction ends.
    fn check(&self, conn: &mut PgConnection) -> Result<(), Failed> {
        let held = hold(conn, self.worker, &[self.job.token()])?;
        if held.is_empty() { Err(Failed::Lost) } else { Ok(()) }
    }

    pub(super) fn token(&self) -> Token {
        self.job.token()
    }

    pub(super) fn is_completed(&self) -> bool {
        self.completed.get()
    }
}
