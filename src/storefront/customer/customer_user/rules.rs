//! Customer users written by customer users: nobody gives a role above their own permissions, nor edits or deletes a user
//! who holds more; a password is set once, and later changed by the back office.

use std::collections::HashMap;

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::auth::subject::Subject;
use crate::commerce::customer_rights as rights;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Linkage, Target};
use crate::error::{ACCESS_DENIED, Error, Errors};
use crate::resources::account::end_old_logins;
use crate::resources::customer::customer_user::{forget_all, refuse_owners_of_clients};
use crate::resources::password;
use crate::resources::system::USER;

pub struct CustomerUserRules;

impl Rules for CustomerUserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let new: Vec<usize> = nodes.iter().copied().filter(|index| batch.node(*index).creates).collect();
        Errors::check(password::errors(batch, &new))?;
        fill_owners(batch, nodes)?;
        let (mut updated, mut given) = (Vec::new(), Vec::new());
        for index in nodes {
            let node = batch.node_mut(*index);
            if !node.creates {
                node.values.remove("password");
                updated.push(node.key.clone());
            }
            let roles = node.links.get("userRoles").map(Linkage::targets).unwrap_or_default().iter();
            given.push((*index, roles.map(|target| target.key.clone()).collect()));
        }
        Errors::check(rights::given_roles(batch, "userRoles", &given)?)?;
        rights::check_users(batch.conn, batch.context.caller, &updated)?;
        password::hash(batch, &new)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    /// With all links stored: nobody has become more powerful than the caller by another customer.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let written: Vec<Key> = nodes.iter().map(|index| batch.node(*index).key.clone()).collect();
        rights::check_users(batch.conn, batch.context.caller, &written)?;
        end_old_logins(batch, nodes, Subject::CustomerUser)
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        if caller.customer_user().is_some_and(|user| keys.contains(&Key::Integer(user.id))) {
            return Err(Error::new(&ACCESS_DENIED, "nobody deletes their own user"));
        }
        rights::check_users(conn, caller, keys)?;
        refuse_owners_of_clients(conn, caller.organization, keys)?;
        Ok(forget_all(conn, caller.organization, keys)?)
    }
}

/// The back office's user who looks after the customer looks after its new user.
fn fill_owners(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let customer = |index: &usize| {
        let node = batch.node(*index);
        let customer = node.one("customer").flatten().filter(|_| node.creates)?;
        Some((*index, customer.key.clone()))
    };
    let new: Vec<(usize, Key)> = nodes.iter().filter_map(customer).collect();
    if new.is_empty() {
        return Ok(());
    }
    let customers: Vec<Key> = new.iter().map(|(_, customer)| customer.clone()).collect();
    let mut sql = Sql::new();
    sql.raw("SELECT id, owner_id FROM customer WHERE organization_id = ").bind(Value::Integer(batch.organization()));
    sql.raw(" AND id = ANY(").bind(key_array(&customers)).raw(")");
    let owners = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok((row.integer(0)?, row.integer(1)?)) })?;
    let owners: HashMap<Key, i64> =
        owners.into_iter().filter_map(|(customer, owner)| Some((Key::Integer(customer?), owner?))).collect();
    for (index, customer) in new {
        if let Some(owner) = owners.get(&customer) {
            let owner = Target { resource: &USER, key: Key::Integer(*owner), node: None };
            batch.node_mut(index).link("owner", Some(owner));
        }
    }
    Ok(())
}
