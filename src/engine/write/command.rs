//! Commands carried out: rights, lock, the command itself, time stamps and change rows.

use diesel::pg::PgConnection;
use serde_json::{Map, Value as Json};

use super::super::command::{Command, Given};
use super::super::key::Key;
use super::super::resource::Resource;
use super::{Batch, Context, change, identity, lock, store};
use crate::acl::{self, Permission};
use crate::error::{Error, Errors};

/// Runs a command on a record; the answer is the `meta` to be shown. The caller has opened a transaction.
pub fn command(
    conn: &mut PgConnection,
    context: Context<'_>,
    (resource, key): (&'static Resource, &Key),
    command: &Command,
    given: &Given,
) -> Result<Map<String, Json>, Errors> {
    if acl::scope(resource, Permission::Edit, context.caller).is_none() {
        return Err(Error::no_access_to_parent_type().into());
    }
    let stored = identity::stored(conn, context, resource, std::slice::from_ref(key))?;
    let key = stored.first().ok_or_else(Error::no_parent)?;
    let found = lock::lock(conn, context, resource.declared(), Permission::Edit, &stored)?;
    match found.get(key) {
        None => return Err(Error::no_parent().into()),
        Some(row) if !row.allowed => return Err(Error::no_access_to_parent().into()),
        Some(_) => {}
    }
    let mut batch = Batch::new(conn, context);
    let answer = command.run.run(&mut batch, key, given)?;
    store::stamp_parents(&mut batch)?;
    change::record(&mut batch)?;
    Ok(answer)
}
