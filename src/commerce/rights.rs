//! Nobody gives more than they hold: what keeps roles and users below those who edit them.

use diesel::pg::PgConnection;

use crate::acl::{Caller, EVERY_RESOURCE, Level, Permission, Permissions};
use crate::auth::callers::{Standing, standing};
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::error::{ACCESS_DENIED, Error};

/// Whether a JSON value is a role's `permissions`. The error says which word is none of ours.
pub fn check_permissions(permissions: &serde_json::Value, known: impl Fn(&str) -> bool) -> Result<(), Error> {
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
            if level.as_str().and_then(Level::parse).is_none() {
                let names = Level::ALL.map(Level::name).join(", ");
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
    if roles.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT permissions FROM user_role WHERE organization_id = ").bind(Value::Integer(caller.organization));
    sql.raw(" AND id = ANY(").bind(key_array(roles)).raw(")");
    check_each(conn, caller, sql)
}

/// Refuses users who may do more than the caller, by their roles or by the units in which they hold them.
pub fn check_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<(), Error> {
    for user in users {
        let Key::Integer(id) = user else { continue };
        let standing = standing(conn, caller.organization, *id)?;
        if standing.is_some_and(|standing| !reaches_within(&standing, caller)) {
            return Err(Error::new(&ACCESS_DENIED, format!("The user {id} holds permissions that exceed your own.")));
        }
    }
    Ok(())
}

/// Whether every record that a user may touch is one that the caller may touch in the same way. Users of other units hold
/// other records, not more of them; that counts as exceeding, since who edits a user can act as that user.
fn reaches_within(user: &Standing, caller: &Caller) -> bool {
    let among = |units: &[i64], own: &[i64]| units.iter().all(|unit| own.contains(unit));
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
                Level::Division => among(units, &caller.division),
                Level::BusinessUnit => among(units, &caller.business_units),
                Level::None | Level::User => units.is_empty(),
            }
    })
}

/// The users who hold any of these roles.
pub fn holders(conn: &mut PgConnection, organization: i64, roles: &[Key]) -> Result<Vec<Key>, Error> {
    linked(
        conn,
        "SELECT user_id FROM app_user_role WHERE organization_id = ",
        " AND role_id = ANY(",
        organization,
        roles,
    )
}

/// The users who belong to any of these units, or are owned by one.
pub fn members(conn: &mut PgConnection, organization: i64, units: &[Key]) -> Result<Vec<Key>, Error> {
    linked(
        conn,
        "SELECT member.user_id FROM (SELECT organization_id, user_id, business_unit_id FROM app_user_business_unit \
         UNION SELECT organization_id, id, owner_id FROM app_user) AS member WHERE member.organization_id = ",
        " AND member.business_unit_id = ANY(",
        organization,
        units,
    )
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

    fn caller(permissions: serde_json::Value) -> Caller {
        let mut granted = Permissions::default();
        granted.grant_all(&permissions);
        let client = String::new();
        let (business_units, division) = (vec![1], vec![1, 2]);
        let (permissions, networks) = (granted, Default::default());
        Caller { organization: 1, user: 1, client, business_unit: 1, business_units, division, permissions, networks }
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
        assert!(check_permissions(&json!({"products": {"VIEW": "division"}, "*": {}}), known).is_ok());
        let said = |value| check_permissions(&value, known).unwrap_err().detail;
        assert!(said(json!({"produkts": {}})).contains("\"produkts\""));
        assert!(said(json!({"products": {"SEE": "user"}})).contains("\"SEE\""));
        assert!(said(json!({"products": {"VIEW": "all"}})).contains("\"all\""));
        assert!(check_permissions(&json!([]), known).is_err());
    }
}
