//! Nobody in the storefront gives more than they hold: what keeps customer users below those who edit them.

use std::collections::HashSet;

use diesel::pg::PgConnection;

use crate::acl::{Caller, CustomerUser, Level, Permissions};
use crate::auth::customer_users::{Standing, standings};
use crate::commerce::memberships::numbers;
use crate::engine::key::Key;
use crate::engine::kind::Storage;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::Batch;
use crate::error::{ACCESS_DENIED, Error};

/// What is wrong with nodes that are given roles which permit more than the caller may do. `given`: each node and its roles.
pub fn given_roles(batch: &mut Batch<'_>, relation: &str, given: &[(usize, Vec<Key>)]) -> Result<Vec<Error>, Error> {
    let roles: Vec<Key> = given.iter().flat_map(|(_, roles)| roles).cloned().collect();
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let caller = batch.context.caller;
    let mut sql = Sql::new();
    sql.raw("SELECT id, permissions FROM customer_user_role WHERE organization_id = ");
    sql.bind(Value::Integer(caller.organization)).raw(" AND id = ANY(").bind(key_array(&roles)).raw(")");
    let mut exceeding = HashSet::new();
    sql.for_each(batch.conn, |row| -> Result<(), Error> {
        let (Some(id), Value::Json(permissions)) = (row.integer(0)?, row.value(1, Storage::Json)?) else {
            return Ok(());
        };
        let mut granted = Permissions::default();
        granted.grant_all_of_customer_users(&permissions);
        if !granted.within(&caller.permissions) {
            exceeding.insert(Key::Integer(id));
        }
        Ok(())
    })?;
    let wrong = given.iter().filter(|(_, roles)| roles.iter().any(|role| exceeding.contains(role)));
    let error = || Error::new(&ACCESS_DENIED, "The permissions of this role exceed your own.");
    Ok(wrong.map(|(index, _)| batch.node(*index).at_relation(relation, error())).collect())
}

/// Refuses customer users who may do more than the caller, by their roles or by the customers for which they hold them.
pub fn check_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let ids = numbers(users);
    let standings = standings(conn, caller.organization, &ids)?;
    for id in ids {
        if standings.get(&id).is_some_and(|standing| !reaches_within(standing, caller)) {
            let detail = format!("The customer user {id} holds permissions that exceed your own.");
            return Err(Error::new(&ACCESS_DENIED, detail));
        }
    }
    Ok(())
}

/// Whether every record of customers that a customer user may touch is one that the caller may touch in the same way.
fn reaches_within(user: &Standing, caller: &Caller) -> bool {
    let Some(own) = caller.customer_user() else { return false };
    user.permissions.iter().all(|(resource, permission, level)| {
        let own_level = caller.permissions.level(resource, permission);
        let customers = reach(&user.user, level);
        let reached = reach(own, own_level);
        own_level >= level && customers.iter().all(|customer| reached.contains(customer))
    })
}

/// The customers whose records a level reaches.
fn reach(user: &CustomerUser, level: Level) -> &[i64] {
    match level {
        Level::None | Level::User => &[],
        Level::BusinessUnit => std::slice::from_ref(&user.customer),
        Level::Division | Level::Organization => &user.division,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::acl::{Locale, Principal};

    fn user(customer: i64, division: &[i64], level: &str) -> Standing {
        let mut permissions = Permissions::default();
        permissions.grant_all_of_customer_users(&json!({"orders": {"VIEW": level}}));
        Standing { user: CustomerUser { id: 1, customer, division: division.to_vec() }, permissions }
    }

    fn within(own: (i64, &[i64], &str), other: (i64, &[i64], &str)) -> bool {
        let Standing { user: principal, permissions } = user(own.0, own.1, own.2);
        let caller = Caller {
            organization: 1,
            principal: Principal::CustomerUser(principal),
            client: String::new(),
            permissions,
            networks: Default::default(),
            locale: Locale::default(),
        };
        reaches_within(&user(other.0, other.1, other.2), &caller)
    }

    #[test]
    fn a_user_of_another_customer_exceeds_who_does_not_reach_it() {
        assert!(within((1, &[1, 2], "division"), (1, &[1, 2], "division")));
        assert!(within((1, &[1, 2], "division"), (2, &[2], "division")));
        assert!(within((1, &[1, 2], "division"), (2, &[2], "department")));
        assert!(!within((2, &[2], "division"), (1, &[1, 2], "division")));
        assert!(!within((1, &[1, 2], "department"), (2, &[2], "department")));
        assert!(!within((1, &[1, 2], "department"), (1, &[1, 2], "division")));
        assert!(within((1, &[1, 2], "user"), (3, &[3], "user")));
        assert!(!within((1, &[1, 2], "none"), (1, &[1, 2], "user")));
    }
}
