//! Nobody gives more than they hold: what keeps roles and users below those who edit them.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::acl::{Caller, EVERY_RESOURCE, Level, Permission, Permissions};
use crate::auth::callers::{Standing, standings};
use crate::commerce::memberships::{belonging, numbers};
use crate::commerce::{memberships, tree};
use crate::engine::key::Key;
use crate::engine::kind::Storage;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::Batch;
use crate::error::{ACCESS_DENIED, Error};

/// Whether a JSON value is a role's `permissions`. `words`: the levels that it may name; `known`: the resources. The error
/// says which word is none of ours.
pub fn check_permissions(
    permissions: &serde_json::Value,
    words: &[&str],
    known: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let wrong = |what: String| Err(Error::form(format!("This value is not valid. {what}")));
    let Some(resources) = permissions.as_object() else {
        return wrong("Expected an object such as {\"products\": {\"VIEW\": \"organization\"}}.".to_owned());
    };
    for (resource, levels) in resources {
        if resource != EVERY_RESOURCE && !known(resource) {
            return wrong(format!("There is no resource \"{resource}\"."));
        }
        let Some(levels) = levels.as_object() else {
            return wrong(format!("Expected an object with levels by permission at \"{resource}\"."));
        };
        for (permission, level) in levels {
            if Permission::parse(permission).is_none() {
                let names = Permission::ALL.map(Permission::name).join(", ");
                return wrong(format!("\"{permission}\" at \"{resource}\" is none of {names}."));
            }
            if !level.as_str().is_some_and(|level| words.contains(&level)) {
                let names = words.join(", ");
                return wrong(format!("The level {level} at \"{resource}\" is none of {names}."));
            }
        }
    }
    Ok(())
}

/// Refuses permissions above those of the caller.
pub fn check_within(caller: &Caller, permissions: &serde_json::Value) -> Result<(), Error> {
    let mut granted = Permissions::default();
    granted.grant_all(permissions);
    if granted.within(&caller.permissions) { Ok(()) } else { Err(exceed()) }
}

/// Refuses roles that permit more than the caller may do.
pub fn check_roles(conn: &mut PgConnection, caller: &Caller, roles: &[Key]) -> Result<(), Error> {
    if exceeding_roles(conn, caller, roles)?.is_empty() { Ok(()) } else { Err(exceed()) }
}

/// What is wrong with nodes that are given roles which permit more than the caller may do. `given`: each node and its roles.
pub fn given_roles(batch: &mut Batch<'_>, relation: &str, given: &[(usize, Vec<Key>)]) -> Result<Vec<Error>, Error> {
    let roles: Vec<Key> = given.iter().flat_map(|(_, roles)| roles).cloned().collect();
    let exceeding = exceeding_roles(batch.conn, batch.context.caller, &roles)?;
    let wrong = given.iter().filter(|(_, roles)| roles.iter().any(|role| exceeding.contains(role)));
    Ok(wrong.map(|(index, _)| batch.node(*index).at_relation(relation, exceed())).collect())
}

/// Those of the roles that permit more than the caller may do.
fn exceeding_roles(conn: &mut PgConnection, caller: &Caller, roles: &[Key]) -> Result<HashSet<Key>, Error> {
    let mut exceeding = HashSet::new();
    if roles.is_empty() || holds_everything(&caller.permissions) {
        return Ok(exceeding);
    }
    let mut sql = Sql::new();
    sql.raw("SELECT id, permissions FROM user_role WHERE organization_id = ").bind(Value::Integer(caller.organization));
    sql.raw(" AND id = ANY(").bind(key_array(roles)).raw(")");
    sql.for_each(conn, |row| -> Result<(), Error> {
        if let (Some(id), Value::Json(permissions)) = (row.integer(0)?, row.value(1, Storage::Json)?)
            && check_within(caller, &permissions).is_err()
        {
            exceeding.insert(Key::Integer(id));
        }
        Ok(())
    })?;
    Ok(exceeding)
}

fn exceed() -> Error {
    Error::new(&ACCESS_DENIED, "These permissions exceed your own.")
}

/// Refuses users who may do more than the caller, by their roles or by the units in which they hold them.
pub fn check_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<(), Error> {
    match exceeding_users(conn, caller, users)?.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// What is wrong with nodes that concern users who may do more than the caller. `concerned`: each node and its users.
pub fn concerned_users(batch: &mut Batch<'_>, concerned: &[(usize, Vec<Key>)]) -> Result<Vec<Error>, Error> {
    let users: Vec<Key> = concerned.iter().flat_map(|(_, users)| users).cloned().collect();
    let exceeding: HashMap<Key, Error> =
        exceeding_users(batch.conn, batch.context.caller, &users)?.into_iter().collect();
    let wrong = |(index, users): &(usize, Vec<Key>)| {
        let error = users.iter().find_map(|user| exceeding.get(user))?;
        Some(batch.node(*index).at_record(error.clone()))
    };
    Ok(concerned.iter().filter_map(wrong).collect())
}

/// Those of the users who may do more than the caller, with the error that says so, in the order given.
fn exceeding_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<Vec<(Key, Error)>, Error> {
    if users.is_empty() || holds_everything(&caller.permissions) {
        return Ok(Vec::new());
    }
    let standings = standings(conn, caller.organization, &numbers(users))?;
    let exceeds = |user: &&Key| {
        let standing = if let Key::Integer(id) = user { standings.get(id) } else { None };
        standing.is_some_and(|standing| !reaches_within(standing, caller))
    };
    let error = |user: &Key| {
        let detail = format!("The user {user} holds permissions that exceed your own.");
        (user.clone(), Error::new(&ACCESS_DENIED, detail))
    };
    Ok(users.iter().filter(exceeds).map(error).collect())
}

/// Refuses permissions of roles by which one of their holders reaches records, in units of their own, that the caller does
/// not. What the holders may do by other roles does not count.
pub fn check_holders(
    conn: &mut PgConnection,
    caller: &Caller,
    roles: &[(i64, serde_json::Value)],
) -> Result<(), Error> {
    let exceeds = |granted: &Permissions| {
        granted
            .iter()
            .any(|(resource, permission, _)| caller.permissions.level(resource, permission) != Level::Organization)
    };
    let granted = roles.iter().map(|(role, permissions)| {
        let mut granted = Permissions::default();
        granted.grant_all(permissions);
        (*role, granted)
    });
    let granted: HashMap<i64, Permissions> = granted.filter(|(_, granted)| exceeds(granted)).collect();
    let holders = memberships::holders(conn, caller.organization, &granted.keys().copied().collect::<Vec<_>>())?;
    check_gains(conn, caller, &holders, |role, standing| {
        let permissions = granted.get(&role).cloned().unwrap_or_default();
        Standing { permissions, ..standing.clone() }
    })
}

/// Refuses the places of units, as they are stored, where users of the units above reach into one and the units below it
/// further than the caller does.
pub fn check_places(conn: &mut PgConnection, caller: &Caller, units: &[i64]) -> Result<(), Error> {
    if units.is_empty() || holds_everything(&caller.permissions) {
        return Ok(());
    }
    let mut below: HashMap<i64, Vec<i64>> = HashMap::new();
    for (unit, other) in memberships::units_below(conn, caller.organization, units)? {
        below.entry(unit).or_default().push(other);
    }
    let above = memberships::units_above(conn, caller.organization, units)?;
    let mut members: HashMap<i64, Vec<i64>> = HashMap::new();
    for (unit, user) in memberships::members_of_units(conn, caller.organization, &belonging(above.clone()))? {
        members.entry(unit).or_default().push(user);
    }
    let reaching = |(unit, other): &(i64, i64)| {
        let (unit, users) = (*unit, members.get(other).map(Vec::as_slice).unwrap_or_default());
        users.iter().map(move |user| (unit, *user)).collect::<Vec<_>>()
    };
    let reaching: Vec<(i64, i64)> = above.iter().flat_map(reaching).collect();
    check_gains(conn, caller, &reaching, |unit, standing| {
        let mut permissions = Permissions::default();
        for (resource, permission, level) in standing.permissions.iter() {
            if level == Level::Division {
                permissions.grant(resource, permission, level);
            }
        }
        let division = below.get(&unit).cloned().unwrap_or_default();
        Standing { permissions, division, ..standing.clone() }
    })
}

/// Refuses users who reach further than the caller by what `gain` leaves of their standing. `users`: what each gains by,
/// and the user.
fn check_gains(
    conn: &mut PgConnection,
    caller: &Caller,
    users: &[(i64, i64)],
    gain: impl Fn(i64, &Standing) -> Standing,
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let standings = standings(conn, caller.organization, &belonging(users.to_vec()))?;
    for (by, user) in users {
        if standings.get(user).is_some_and(|standing| !reaches_within(&gain(*by, standing), caller)) {
            let detail = format!("The user {user} would hold permissions that exceed your own.");
            return Err(Error::new(&ACCESS_DENIED, detail));
        }
    }
    Ok(())
}

/// Refuses a change, already stored, after which no active user may do everything in the organization: nobody gives more
/// than they hold, so nobody could bring that back. Only who may do everything can take it from the last who may, since
/// such users and their roles are out of everyone else's reach; the changes of others are not looked at.
pub fn check_administrator_stays(conn: &mut PgConnection, caller: &Caller) -> Result<(), Error> {
    if !holds_everything(&caller.permissions) {
        return Ok(());
    }
    // Two administrators who each take the other's rights would else both find one left.
    tree::lock(conn, caller.organization)?;
    if !has_administrator(conn, caller.organization)? {
        let detail = "No active user would be left who may do everything in the organization.";
        return Err(Error::new(&ACCESS_DENIED, detail));
    }
    Ok(())
}

/// Whether an active user may do everything in the organization.
pub fn has_administrator(conn: &mut PgConnection, organization: i64) -> QueryResult<bool> {
    let names = Permission::ALL.map(|permission| permission.name().to_owned()).to_vec();
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM app_user WHERE active AND organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND NOT EXISTS (SELECT 1 FROM unnest(").bind(Value::Texts(names));
    sql.raw(
        ") AS permission (name) WHERE NOT EXISTS (SELECT 1 FROM app_user_held_role AS link JOIN user_role AS role \
         ON role.organization_id = link.organization_id AND role.id = link.role_id \
         WHERE link.organization_id = app_user.organization_id AND link.user_id = app_user.id \
         AND role.permissions #>> ARRAY[",
    );
    sql.bind(Value::Text(EVERY_RESOURCE.to_owned())).raw(", permission.name] = ");
    sql.bind(Value::Text(Level::Organization.name().to_owned())).raw(")) LIMIT 1");
    Ok(!sql.collect(conn, |row| row.integer(0))?.is_empty())
}

pub(super) fn holds_everything(permissions: &Permissions) -> bool {
    Permission::ALL.into_iter().all(|permission| permissions.level(EVERY_RESOURCE, permission) == Level::Organization)
}

/// Whether every record that a user may touch is one that the caller may touch in the same way. Users of other units hold
/// other records, not more of them; that counts as exceeding, since who edits a user can act as that user.
fn reaches_within(user: &Standing, caller: &Caller) -> bool {
    let among = |units: &[i64], own: &[i64]| units.iter().all(|unit| own.contains(unit));
    let (own_units, own_division) =
        caller.user().map_or((&[][..], &[][..]), |user| (user.business_units.as_slice(), user.division.as_slice()));
    user.permissions.iter().all(|(resource, permission, level)| {
        let units: &[i64] = match level {
            Level::BusinessUnit => &user.business_units,
            Level::Division => &user.division,
            Level::None | Level::User | Level::Organization => &[],
        };
        let own = caller.permissions.level(resource, permission);
        own >= level
            && match own {
                Level::Organization => true,
                Level::Division => among(units, own_division),
                Level::BusinessUnit => among(units, own_units),
                Level::None | Level::User => units.is_empty(),
            }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::acl::{Principal, User};

    fn caller(permissions: serde_json::Value) -> Caller {
        let mut granted = Permissions::default();
        granted.grant_all(&permissions);
        let user = User { id: 1, business_unit: 1, business_units: vec![1], division: vec![1, 2] };
        Caller {
            organization: 1,
            principal: Principal::User(user),
            client: String::new(),
            permissions: granted,
            networks: Default::default(),
            locale: Default::default(),
        }
    }

    fn user(permissions: serde_json::Value, units: &[i64], division: &[i64]) -> Standing {
        let Caller { permissions, .. } = caller(permissions);
        Standing { permissions, business_unit: 1, business_units: units.to_vec(), division: division.to_vec() }
    }

    #[test]
    fn a_user_of_other_units_exceeds_who_does_not_reach_them() {
        let orders = |level: &str| json!({"orders": {"VIEW": level}});
        let within = |own: &str, level: &str, units: &[i64], division: &[i64]| {
            reaches_within(&user(orders(level), units, division), &caller(orders(own)))
        };
        assert!(within("business-unit", "business-unit", &[1], &[1, 2]));
        assert!(!within("business-unit", "business-unit", &[2], &[2]));
        assert!(!within("business-unit", "division", &[1], &[1]));
        assert!(within("division", "business-unit", &[2], &[2]));
        assert!(within("division", "division", &[2], &[2]));
        assert!(!within("division", "division", &[3], &[3]));
        assert!(within("organization", "division", &[3], &[3]));
        assert!(!within("division", "organization", &[1], &[1]));
        assert!(within("user", "user", &[3], &[3]));
        assert!(within("none", "none", &[3], &[3]));
    }

    #[test]
    fn unknown_words_in_permissions_are_named() {
        let known = |name: &str| name == "products";
        let check = |value| check_permissions(&value, &["none", "division"], known);
        assert!(check(json!({"products": {"VIEW": "division"}, "*": {}})).is_ok());
        let said = |value| check(value).unwrap_err().detail;
        assert!(said(json!({"produkts": {}})).contains("\"produkts\""));
        assert!(said(json!({"products": {"SEE": "user"}})).contains("\"SEE\""));
        assert!(said(json!({"products": {"VIEW": "all"}})).contains("\"all\""));
        assert!(check(json!([])).is_err());
    }
}
