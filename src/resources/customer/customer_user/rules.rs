//! Customer users: passwords are hashed, and what was opened with an old one ends.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::acl::Caller;
use crate::auth::issue::forget;
use crate::auth::subject::Subject;
use crate::commerce::memberships::numbers;
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
        Errors::check(password::errors(batch, nodes))?;
        password::hash(batch, nodes)
    }

    fn can_prepare_again(&self) -> bool {
        true
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
    let subjects: Vec<Subject> = numbers(keys).into_iter().map(Subject::CustomerUser).collect();
    forget(conn, organization, &subjects)
}

/// Clients act as the customer user who owns them.
pub fn refuse_owners_of_clients(conn: &mut PgConnection, organization: i64, keys: &[Key]) -> Result<(), Error> {
    let of_owners = oauth_client::owner_customer_user_id.eq_any(numbers(keys));
    let clients: Vec<(Option<i64>, String)> = oauth_client::table
        .filter(oauth_client::organization_id.eq(organization).and(of_owners))
        .order((oauth_client::owner_customer_user_id, oauth_client::id))
        .select((oauth_client::owner_customer_user_id, oauth_client::id))
        .load(conn)?;
    let Some((Some(user), _)) = clients.first() else { return Ok(()) };
    let names: Vec<&str> =
        clients.iter().filter(|(owner, _)| *owner == Some(*user)).map(|(_, name)| name.as_str()).collect();
    Err(Error::new(&ACCESS_DENIED, format!("API clients act as the customer user {user}: {}", names.join(", "))))
}
