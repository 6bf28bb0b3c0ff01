//! Users who come into a unit bring what they own within the reach of its members, and of the members of the units above:
//! of everyone who may do something with the records of a unit's users.

use diesel::pg::PgConnection;

use super::rights::{holds_everything, members, units_above};
use crate::acl::{Caller, Level, Permission, User};
use crate::auth::callers::{Standing, standing};
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::{ACCESS_DENIED, Error};

/// Refuses users, as they are stored before the change, whose records somebody would reach in the unit as the caller does
/// not reach them now; the caller is somebody too. `of_users`: whether the records of a type belong to users.
pub fn check(
    conn: &mut PgConnection,
    caller: &Caller,
    users: &[Key],
    unit: &Key,
    of_users: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let (Some(who), Key::Integer(unit_id)) = (caller.user(), unit) else { return Ok(()) };
    if holds_everything(&caller.permissions) {
        return Ok(());
    }
    let mut joining = Vec::new();
    for user in users {
        let before = units_of(conn, caller.organization, user)?;
        if !before.contains(unit_id) {
            joining.push((user, before));
        }
    }
    if joining.is_empty() {
        return Ok(());
    }
    let mut units = units_above(conn, caller.organization, unit)?;
    units.push(unit.clone());
    for member in members(conn, caller.organization, &units)? {
        let Key::Integer(id) = member else { continue };
        let Some(standing) = standing(conn, caller.organization, id)? else { continue };
        for (resource, permission) in reach(&standing, *unit_id).filter(|(resource, _)| of_users(resource)) {
            let own = caller.permissions.level(resource, permission);
            if let Some((user, _)) = joining.iter().find(|(user, before)| !reaches(who, own, user, before)) {
                let detail = format!(
                    "In the unit {unit_id}, the user {id} would have {} on records of the user {user} that you do not have.",
                    permission.name()
                );
                return Err(Error::new(&ACCESS_DENIED, detail));
            }
        }
    }
    Ok(())
}

/// What a user may do with the records of a unit's users, because they are in the unit.
fn reach(standing: &Standing, unit: i64) -> impl Iterator<Item = (&str, Permission)> {
    let of_unit = move |level| match level {
        Level::BusinessUnit => standing.business_units.contains(&unit),
        Level::Division => standing.division.contains(&unit),
        Level::None | Level::User | Level::Organization => false,
    };
    let reached = standing.permissions.iter().filter(move |(_, _, level)| of_unit(*level));
    reached.map(|(resource, permission, _)| (resource, permission))
}

/// Whether somebody with that level reaches the records of a user of those units.
fn reaches(who: &User, level: Level, user: &Key, units: &[i64]) -> bool {
    let among = |own: &[i64]| units.iter().any(|unit| own.contains(unit));
    let is_oneself = *user == Key::Integer(who.id);
    match level {
        Level::None => false,
        Level::User => is_oneself,
        Level::BusinessUnit => is_oneself || among(&who.business_units),
        Level::Division => is_oneself || among(&who.division),
        Level::Organization => true,
    }
}

/// The units that a user belongs to, as they are stored.
fn units_of(conn: &mut PgConnection, organization: i64, user: &Key) -> Result<Vec<i64>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT business_unit_id FROM app_user_business_unit WHERE organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND user_id = ").bind(Value::from(user));
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(found.into_iter().flatten().collect())
}
