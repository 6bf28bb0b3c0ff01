//! Nobody gives more than they hold: what keeps roles and users below those who edit them.

use diesel::pg::PgConnection;

use crate::acl::{Caller, EVERY_RESOURCE, Level, Permission, Permissions};
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

/// Refuses users whose roles permit more than the caller may do.
pub fn check_users(conn: &mut PgConnection, caller: &Caller, users: &[Key]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw(
        "SELECT permissions FROM user_role AS role JOIN app_user_role AS held \
         ON held.organization_id = role.organization_id AND held.role_id = role.id WHERE role.organization_id = ",
    );
    sql.bind(Value::Integer(caller.organization)).raw(" AND held.user_id = ANY(").bind(key_array(users)).raw(")");
    check_each(conn, caller, sql)
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
