//! Who is told of the changes of a transaction, in that transaction. The engine knows nothing of what they do with it.

use diesel::pg::PgConnection;
use uuid::Uuid;

use super::super::key::Key;
use super::super::resource::Resource;
use super::super::sql::Sql;
use super::{Context, Server};
use crate::error::{Error, Errors};

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Created,
    Updated,
    Deleted,
}

impl Action {
    /// The word in change rows and topics.
    pub const fn word(self) -> &'static str {
        match self {
            Action::Created => "created",
            Action::Updated => "updated",
            Action::Deleted => "deleted",
        }
    }
}

/// Records of one resource to which the same has happened. What is created or updated is written; what is deleted is
/// still there, with all its parts.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'c> {
    pub resource: &'static Resource,
    pub action: Action,
    pub keys: &'c [Key],
}

/// Sees every change before the transaction commits. One that says nothing of its own sees none.
pub trait Observer: Sync {
    /// A SELECT of the uuids of those who want to know of these changes. It runs in the statement that records them, so
    /// that a change nobody wants to know of costs no statement more. `None`: nobody ever does.
    fn watchers(&self, _context: Context<'_>, _changed: Changed<'_>) -> Option<Sql> {
        None
    }

    /// The changes that someone wants to know of. An error undoes the transaction.
    fn changed(
        &self,
        _conn: &mut PgConnection,
        _context: Context<'_>,
        _changed: Changed<'_>,
        _watchers: &[Uuid],
    ) -> Result<(), Errors> {
        Ok(())
    }
}

/// Watches nothing and can do nothing: for writes before there is a server.
pub struct Nobody;

impl Observer for Nobody {}

impl Server for Nobody {
    fn seal(&self, _purpose: &str, _clear: &str) -> Result<String, Error> {
        Err(Error::internal("there is no key to seal a secret with"))
    }

    fn check_url(&self, _url: &str) -> Result<(), String> {
        Err("There is no server that could send anything.".to_owned())
    }
}
