//! Users: nobody gives a role above their own permissions, nor edits a user who holds more; passwords are hashed.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::acl::Caller;
use crate::auth::api_keys;
use crate::auth::issue::forget;
use crate::auth::subject::Subject;
use crate::commerce::{joining, rights};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage};
use crate::error::{ACCESS_DENIED, Error, Errors};
use crate::resources::account::end_old_logins;
use crate::resources::{belongs_to_users, password};
use crate::schema::oauth_client;
use crate::webhooks::subscription;

pub struct UserRules;

/// The members that decide what a user may do, or whether at all.
const RIGHTS: [&str; 4] = ["enabled", "auth_status", "userRoles", "groups"];

impl Rules for UserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let caller = batch.context.caller;
        let mut updated = Vec::new();
        for index in nodes {
            password::hash(batch, *index)?;
            let node = batch.node_mut(*index);
            if !node.creates {
                updated.push(node.key.clone());
            } else if !node.links.contains_key("businessUnits")
                && let Some(owner) = node.one("owner").flatten().cloned()
            {
                node.links.insert("businessUnits", Linkage::Many(vec![owner]));
            }
            let given: Vec<Key> = node
                .links
                .get("userRoles")
                .map(Linkage::targets)
                .unwrap_or_default()
                .iter()
                .filter(|target| target.node.is_none())
                .map(|target| target.key.clone())
                .collect();
            rights::check_roles(batch.conn, caller, &given)
                .map_err(|error| batch.node(*index).at_relation("userRoles", error))?;
        }
        rights::check_users(batch.conn, caller, &updated)?;
        for index in nodes {
            let node = batch.node(*index);
            let (user, creates) = (node.key.clone(), node.creates);
            let units = node.links.get("businessUnits").filter(|linkage| !matches!(linkage, Linkage::Remove(_)));
            let units: Vec<Key> =
                units.map(Linkage::targets).unwrap_or_default().iter().map(|target| target.key.clone()).collect();
            // A new user owns nothing yet.
            for unit in units.iter().filter(|_| !creates) {
                joining::check(batch.conn, caller, std::slice::from_ref(&user), unit, belongs_to_users)
                    .map_err(|error| batch.node(*index).at_relation("businessUnits", error))?;
            }
        }
        Ok(())
    }

    /// With all links stored: roles that came with the request, units given to the user.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let written: Vec<Key> = nodes.iter().map(|index| batch.node(*index).key.clone()).collect();
        rights::check_users(batch.conn, batch.context.caller, &written)?;
        let loses = |index: &usize| {
            let node = batch.node(*index);
            !node.creates && RIGHTS.iter().any(|name| node.changed.contains(name))
        };
        if nodes.iter().any(loses) {
            rights::check_administrator_stays(batch.conn, batch.context.caller)?;
        }
        end_old_logins(batch, nodes, Subject::User)
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        if caller.user().is_some_and(|user| keys.contains(&Key::Integer(user.id))) {
            return Err(Error::new(&ACCESS_DENIED, "nobody deletes their own user"));
        }
        rights::check_users(conn, caller, keys)?;
        for key in keys {
            let Key::Integer(id) = key else { continue };
            refuse_owner_of_clients(conn, caller.organization, *id)?;
            forget(conn, caller.organization, Subject::User(*id))?;
            api_keys::forget_user(conn, caller.organization, *id)?;
            subscription::forget_user(conn, caller.organization, *id)?;
        }
        Ok(())
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], _parents: &[Key]) -> Result<(), Errors> {
        // The caller is still there, unless another administrator deletes the caller at this moment.
        rights::check_administrator_stays(batch.conn, batch.context.caller)?;
        Ok(())
    }
}

/// Clients act as the user who owns them.
fn refuse_owner_of_clients(conn: &mut PgConnection, organization: i64, user: i64) -> Result<(), Error> {
    let clients: Vec<String> = oauth_client::table
        .filter(oauth_client::organization_id.eq(organization).and(oauth_client::owner_user_id.eq(user)))
        .order(oauth_client::id)
        .select(oauth_client::id)
        .load(conn)?;
    if clients.is_empty() {
        return Ok(());
    }
    Err(Error::new(&ACCESS_DENIED, format!("API clients act as the user {user}: {}", clients.join(", "))))
}
