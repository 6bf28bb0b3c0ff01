//! Users who come into a unit bring what they own within the reach of its members, and of the members of the units above:
//! of everyone who may do something with the records of a unit's users.

use std::collections::{BTreeSet, HashMap};

use diesel::pg::PgConnection;

use super::memberships::{self, Pairs};
use super::rights::holds_everything;
use crate::acl::{Caller, Level, Permission, User};
use crate::auth::callers::{Standing, standings};
use crate::error::{ACCESS_DENIED, Error};

/// Users, as they are stored before the change, and a unit that they come into.
pub struct Joining {
    pub users: Vec<i64>,
    pub unit: i64,
}

/// Of each of the changes whether it is refused: whether somebody would reach records of the users, in the unit, that the
/// caller does not reach now; the caller is somebody too. `of_users`: whether the records of a type belong to users.
pub fn check(
    conn: &mut PgConnection,
    caller: &Caller,
    changes: &[Joining],
    of_users: impl Fn(&str) -> bool,
) -> Result<Vec<Option<Error>>, Error> {
    let nothing = || changes.iter().map(|_| None).collect();
    let Some(who) = caller.user() else { return Ok(nothing()) };
    if holds_everything(&caller.permissions) {
        return Ok(nothing());
    }
    let users: Vec<i64> = changes.iter().flat_map(|change| &change.users).copied().collect();
    let before = by_first(memberships::units_of(conn, caller.organization, &users)?);
    let units_of = |user: &i64| before.get(user).map(Vec::as_slice).unwrap_or_default();
    let joins = |change: &Joining| -> Vec<i64> {
        change.users.iter().copied().filter(|user| !units_of(user).contains(&change.unit)).collect()
    };
    let joining: Vec<Vec<i64>> = changes.iter().map(joins).collect();
    let concerned = changes.iter().zip(&joining).filter(|(_, users)| !users.is_empty());
    let units: Vec<i64> = concerned.map(|(change, _)| change.unit).collect();
    if units.is_empty() {
        return Ok(nothing());
    }
    let mut around = by_first(memberships::units_above(conn, caller.organization, &units)?);
    units.iter().for_each(|unit| around.entry(*unit).or_default().push(*unit));
    let all: Vec<i64> = around.values().flatten().copied().collect();
    let members = by_first(memberships::members_of_units(conn, caller.organization, &all)?);
    let standings = standings(conn, caller.organization, &members.values().flatten().copied().collect::<Vec<_>>())?;
    let refused = |(change, joining): (&Joining, &Vec<i64>)| {
        let units = around.get(&change.unit).filter(|_| !joining.is_empty()).map(Vec::as_slice).unwrap_or_default();
        let members: BTreeSet<i64> = units.iter().filter_map(|unit| members.get(unit)).flatten().copied().collect();
        members.into_iter().find_map(|member| {
            let mut gained = reach(standings.get(&member)?, change.unit).filter(|(resource, _)| of_users(resource));
            gained.find_map(|(resource, permission)| {
                let own = caller.permissions.level(resource, permission);
                let user = joining.iter().find(|user| !reaches(who, own, **user, units_of(user)))?;
                let detail = format!(
                    "In the unit {}, the user {member} would have {} on records of the user {user} that you do not have.",
                    change.unit,
                    permission.name()
                );
                Some(Error::new(&ACCESS_DENIED, detail))
            })
        })
    };
    Ok(changes.iter().zip(&joining).map(refused).collect())
}

fn by_first(pairs: Pairs) -> HashMap<i64, Vec<i64>> {
    let mut found: HashMap<i64, Vec<i64>> = HashMap::new();
    for (first, second) in pairs {
        found.entry(first).or_default().push(second);
    }
    found
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
fn reaches(who: &User, level: Level, user: i64, units: &[i64]) -> bool {
    let among = |own: &[i64]| units.iter().any(|unit| own.contains(unit));
    let is_oneself = user == who.id;
    match level {
        Level::None => false,
        Level::User => is_oneself,
        Level::BusinessUnit => is_oneself || among(&who.business_units),
        Level::Division => is_oneself || among(&who.division),
        Level::Organization => true,
    }
}
