//! Nobody gives more than they hold: what keeps roles and users below those who edit them.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::acl::{Caller, EVERY_RESOURCE, Level, Permission, Permissions};
use crate::auth::callers::{Standing, standing};
use crate::commerce::tree;
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
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
    if granted.within(&caller.permissions) {
        return Ok(());
    }
    Err(Error::new(&ACCESS_DENIED, "These permissions exceed your own."))
}

/// Refuses roles that permit more than the caller may do.
pub fn check_roles(conn: &mut PgConnection, caller: &Caller, roles: &[Key]) -> Result<(), Error> {
    if roles.is_empty() || holds_everything(&caller.permissions) {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT permissions FROM user_role WHERE organization_id = ").bind(Value::Integer(caller.organization));
    sql.raw(" AND id = ANY(").bind(key_array(roles)).raw(")");
    check_each(conn, caller, sql)
}

/// Refuses users who may do more than the caller, by their roles or by the units in which they hold them.
pub fn check_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<(), Error> {
    if holds_everything(&caller.permissions) {
        return Ok(());
    }
    for user in users {
        let Key::Integer(id) = user else { continue };
        let standing = standing(conn, caller.organization, *id)?;
        if standing.is_some_and(|standing| !reaches_within(&standing, caller)) {
            return Err(Error::new(&ACCESS_DENIED, format!("The user {id} holds permissions that exceed your own.")));
        }
    }
    Ok(())
}

/// Refuses permissions of a role by which one of its holders reaches records, in units of their own, that the caller does
/// not. What the holders may do by other roles does not count.
pub fn check_holders(
    conn: &mut PgConnection,
    caller: &Caller,
    role: &Key,
    permissions: &serde_json::Value,
) -> Result<(), Error> {
    let mut granted = Permissions::default();
    granted.grant_all(permissions);
    let everywhere = |(resource, permission, _)| caller.permissions.level(resource, permission) == Level::Organization;
    if granted.iter().all(everywhere) {
        return Ok(());
    }
    let holders = holders(conn, caller.organization, std::slice::from_ref(role))?;
    check_gains(conn, caller, &holders, |standing| Standing { permissions: granted.clone(), ..standing })
}

/// Refuses the place of a unit, as it is stored, where users of the units above reach into it and the units below it
/// further than the caller does.
pub fn check_place(conn: &mut PgConnection, caller: &Caller, unit: &Key) -> Result<(), Error> {
    if holds_everything(&caller.permissions) {
        return Ok(());
    }
    let below = units_below(conn, caller.organization, unit)?;
    let above = units_above(conn, caller.organization, unit)?;
    let members = members(conn, caller.organization, &above)?;
    check_gains(conn, caller, &members, |standing| {
        let mut permissions = Permissions::default();
        for (resource, permission, level) in standing.permissions.iter() {
            if level == Level::Division {
                permissions.grant(resource, permission, level);
            }
        }
        Standing { permissions, division: below.clone(), ..standing }
    })
}

/// Refuses users who reach further than the caller by what `gain` leaves of their standing.
fn check_gains(
    conn: &mut PgConnection,
    caller: &Caller,
    users: &[Key],
    gain: impl Fn(Standing) -> Standing,
) -> Result<(), Error> {
    for user in users {
        let Key::Integer(id) = user else { continue };
        let standing = standing(conn, caller.organization, *id)?;
        if standing.is_some_and(|standing| !reaches_within(&gain(standing), caller)) {
            let detail = format!("The user {id} would hold permissions that exceed your own.");
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

/// The users who hold any of these roles, by themselves or by a group.
pub fn holders(conn: &mut PgConnection, organization: i64, roles: &[Key]) -> Result<Vec<Key>, Error> {
    linked(
        conn,
        "SELECT DISTINCT user_id FROM app_user_held_role WHERE organization_id = ",
        " AND role_id = ANY(",
        organization,
        roles,
    )
}

/// The users who belong to a group.
pub fn members_of_group(conn: &mut PgConnection, organization: i64, group: &Key) -> Result<Vec<Key>, Error> {
    let select = "SELECT user_id FROM app_user_user_group WHERE organization_id = ";
    linked(conn, select, " AND group_id = ANY(", organization, std::slice::from_ref(group))
}

/// The roles of a group.
pub fn roles_of_group(conn: &mut PgConnection, organization: i64, group: &Key) -> Result<Vec<Key>, Error> {
    let select = "SELECT role_id FROM user_group_role WHERE organization_id = ";
    linked(conn, select, " AND group_id = ANY(", organization, std::slice::from_ref(group))
}

/// The users who belong to any of these units, or are owned by one.
pub(super) fn members(conn: &mut PgConnection, organization: i64, units: &[Key]) -> Result<Vec<Key>, Error> {
    linked(
        conn,
        "SELECT member.user_id FROM (SELECT organization_id, user_id, business_unit_id FROM app_user_business_unit \
         UNION SELECT organization_id, id, owner_id FROM app_user) AS member WHERE member.organization_id = ",
        " AND member.business_unit_id = ANY(",
        organization,
        units,
    )
}

/// Every unit above this one.
pub(super) fn units_above(conn: &mut PgConnection, organization: i64, unit: &Key) -> Result<Vec<Key>, Error> {
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE above AS (SELECT owner_id AS id FROM business_unit WHERE organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND id = ").bind(Value::from(unit));
    sql.raw(" UNION SELECT unit.owner_id FROM above JOIN business_unit AS unit ON unit.id = above.id");
    sql.raw(" AND unit.organization_id = ").bind(Value::Integer(organization));
    sql.raw(") SELECT id FROM above WHERE id IS NOT NULL");
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(found.into_iter().flatten().map(Key::Integer).collect())
}

/// This unit and every one below it.
fn units_below(conn: &mut PgConnection, organization: i64, unit: &Key) -> Result<Vec<i64>, Error> {
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE below AS (SELECT id FROM business_unit WHERE organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND id = ").bind(Value::from(unit));
    sql.raw(" UNION SELECT unit.id FROM below JOIN business_unit AS unit ON unit.owner_id = below.id");
    sql.raw(" AND unit.organization_id = ").bind(Value::Integer(organization)).raw(") SELECT id FROM below");
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(found.into_iter().flatten().collect())
}

fn linked(
    conn: &mut PgConnection,
    select: &'static str,
    among: &'static str,
    organization: i64,
    keys: &[Key],
) -> Result<Vec<Key>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new();
    sql.raw(select).bind(Value::Integer(organization)).raw(among).bind(key_array(keys)).raw(")");
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(found.into_iter().flatten().map(Key::Integer).collect())
}

fn check_each(conn: &mut PgConnection, caller: &Caller, sql: Sql) -> Result<(), Error> {
    sql.for_each(conn, |row| match row.value(0, crate::engine::kind::Storage::Json)? {
        Value::Json(permissions) => check_within(caller, &permissions),
        _ => Ok(()),
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
