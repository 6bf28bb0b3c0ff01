//! Users: nobody gives a role above their own permissions, nor edits a user who holds more; passwords are hashed.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::acl::Caller;
use crate::auth::api_keys;
use crate::auth::issue::forget;
use crate::auth::subject::Subject;
use crate::commerce::joining::{self, Joining};
use crate::commerce::memberships::numbers;
use crate::commerce::rights;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage, Node};
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
        Errors::check(password::errors(batch, nodes))?;
        nodes.iter().for_each(|index| join_own_unit(batch.node_mut(*index)));
        let roles = nodes.iter().map(|index| (*index, given(batch.node(*index), "userRoles")));
        let roles: Vec<(usize, Vec<Key>)> = roles.collect();
        Errors::check(rights::given_roles(batch, "userRoles", &roles)?)?;
        let updated = nodes.iter().filter(|index| !batch.node(**index).creates);
        let updated: Vec<(usize, Vec<Key>)> =
            updated.map(|index| (*index, vec![batch.node(*index).key.clone()])).collect();
        Errors::check(rights::concerned_users(batch, &updated)?)?;
        check_units(batch, nodes)?;
        password::hash(batch, nodes)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    /// With all links stored: roles that came with the request, units given to the user.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let written: Vec<(usize, Vec<Key>)> =
            nodes.iter().map(|index| (*index, vec![batch.node(*index).key.clone()])).collect();
        Errors::check(rights::concerned_users(batch, &written)?)?;
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
        let users = numbers(keys);
        refuse_owners_of_clients(conn, caller.organization, &users)?;
        forget(conn, caller.organization, &subjects(&users))?;
        api_keys::forget_users(conn, caller.organization, &users)?;
        subscription::forget_users(conn, caller.organization, &users)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], _parents: &[Key]) -> Result<(), Errors> {
        // The caller is still there, unless another administrator deletes the caller at this moment.
        rights::check_administrator_stays(batch.conn, batch.context.caller)?;
        Ok(())
    }
}

/// The records that a relationship is given, but for those that the request itself writes.
fn given(node: &Node, relation: &str) -> Vec<Key> {
    let targets = node.links.get(relation).map(Linkage::targets).unwrap_or_default().iter();
    targets.filter(|target| target.node.is_none()).map(|target| target.key.clone()).collect()
}

/// A new user belongs to the unit that owns it, where nothing else is said.
fn join_own_unit(node: &mut Node) {
    if node.creates
        && !node.links.contains_key("businessUnits")
        && let Some(owner) = node.one("owner").flatten().cloned()
    {
        node.links.insert("businessUnits", Linkage::Many(vec![owner]));
    }
}

/// The units that users are given. A new user owns nothing yet.
fn check_units(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let (mut places, mut changes) = (Vec::new(), Vec::new());
    for index in nodes {
        let node = batch.node(*index);
        let units = node.links.get("businessUnits").filter(|linkage| !matches!(linkage, Linkage::Remove(_)));
        let (Key::Integer(user), Some(units), false) = (&node.key, units, node.creates) else { continue };
        for unit in numbers(units.targets().iter().map(|target| &target.key)) {
            places.push(*index);
            changes.push(Joining { users: vec![*user], unit });
        }
    }
    let refused = joining::check(batch.conn, batch.context.caller, &changes, belongs_to_users)?;
    let mut errors: BTreeMap<usize, Error> = BTreeMap::new();
    for (index, error) in places.into_iter().zip(refused) {
        if let Some(error) = error {
            errors.entry(index).or_insert_with(|| batch.node(index).at_relation("businessUnits", error));
        }
    }
    Errors::check(errors.into_values().collect())
}

fn subjects(users: &[i64]) -> Vec<Subject> {
    users.iter().copied().map(Subject::User).collect()
}

/// Clients act as the user who owns them.
fn refuse_owners_of_clients(conn: &mut PgConnection, organization: i64, users: &[i64]) -> Result<(), Error> {
    let clients: Vec<(Option<i64>, String)> = oauth_client::table
        .filter(oauth_client::organization_id.eq(organization).and(oauth_client::owner_user_id.eq_any(users)))
        .order((oauth_client::owner_user_id, oauth_client::id))
        .select((oauth_client::owner_user_id, oauth_client::id))
        .load(conn)?;
    let Some((Some(user), _)) = clients.first() else { return Ok(()) };
    let names: Vec<&str> =
        clients.iter().filter(|(owner, _)| *owner == Some(*user)).map(|(_, name)| name.as_str()).collect();
    Err(Error::new(&ACCESS_DENIED, format!("API clients act as the user {user}: {}", names.join(", "))))
}
