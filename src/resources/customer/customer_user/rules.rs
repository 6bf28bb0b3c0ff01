//! Customer users: passwords are hashed, and what was opened with an old one ends.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::acl::Caller;
use crate::auth::issue::forget;
use crate::auth::subject::Subject;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::{ACCESS_DENIED, Error, Errors};
use crate::resources::account::end_old_logins;
use crate::resources::password;
use crate::schema::oauth_client;

pub struct CustomerUserRules;

impl Rules for CustomerUserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        nodes.iter().try_for_each(|index| password::hash(batch, *index))
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        end_old_logins(batch, nodes, Subject::CustomerUser)
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        refuse_owners_of_clients(conn, caller.organization, keys)?;
        Ok(forget_all(conn, caller.organization, keys)?)
    }
}

/// Removes every token of customer users.
pub fn forget_all(conn: &mut PgConnection, organization: i64, keys: &[Key]) -> QueryResult<()> {
    for key in keys {
        let Key::Integer(id) = key else { continue };
        forget(conn, organization, Subject::CustomerUser(*id))?;
    }
    Ok(())
}

/// Clients act as the customer user who owns them.
pub fn refuse_owners_of_clients(conn: &mut PgConnection, organization: i64, keys: &[Key]) -> Result<(), Error> {
    for key in keys {
        let Key::Integer(id) = key else { continue };
        let clients: Vec<String> = oauth_client::table
            .filter(oauth_client::organization_id.eq(organization).and(oauth_client::owner_customer_user_id.eq(*id)))
            .order(oauth_client::id)
            .select(oauth_client::id)
            .load(conn)?;
        if !clients.is_empty() {
            let why = format!("API clients act as the customer user {id}: {}", clients.join(", "));
            return Err(Error::new(&ACCESS_DENIED, why));
        }
    }
    Ok(())
}
