//! Users made by the operator: the first one of an installation, and others when nobody can log in.

use chrono::Utc;
use diesel::prelude::*;

use super::AccessError;
use super::grant::lower;
use super::password::{self, Cost};
use crate::commerce::organization::{ADMINISTRATOR, create_organization, everything, insert_administrator_role};
use crate::commerce::rights;
use crate::schema::{app_user, app_user_business_unit, app_user_role, business_unit, organization, user_role};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// Unique over the whole installation, whatever its letter case.
    pub username: &'a str,
    pub email: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    /// Without one the user cannot log in, but clients can act as the user.
    pub password: Option<&'a str>,
    /// Names of roles. `ROLE_ADMINISTRATOR` is made or filled again where the organization has lost it.
    pub roles: &'a [&'a str],
}

/// An organization and the unit that its first users belong to.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    pub organization: i64,
    pub business_unit: i64,
}

/// The organization of that name, made with a business unit and the role Administrator if there is none.
pub fn ensure_organization(conn: &mut PgConnection, name: &str) -> Result<Home, AccessError> {
    if name.trim().is_empty() {
        return Err(AccessError::refused("an organization needs a name"));
    }
    let known: Option<i64> =
        organization::table.filter(organization::name.eq(name)).select(organization::id).first(conn).optional()?;
    let Some(id) = known else {
        let new = create_organization(conn, name)?;
        return Ok(Home { organization: new.id, business_unit: new.business_unit });
    };
    let business_unit: Option<i64> = business_unit::table
        .filter(business_unit::organization_id.eq(id).and(business_unit::owner_id.is_null()))
        .order(business_unit::id)
        .select(business_unit::id)
        .first(conn)
        .optional()?;
    let business_unit = business_unit
        .ok_or_else(|| AccessError::refused(format!("the organization \"{name}\" has no business unit")))?;
    Ok(Home { organization: id, business_unit })
}

/// Makes a user in a business unit; the answer is its id.
pub fn create(
    conn: &mut PgConnection,
    cost: Cost,
    organization: i64,
    business_unit: i64,
    user: &NewUser<'_>,
) -> Result<i64, AccessError> {
    for (what, text) in [("a user name", user.username), ("an email address", user.email)] {
        if text.trim().is_empty() || text.chars().count() > 255 {
            return Err(AccessError::refused(format!("a user needs {what} of 1 to 255 characters")));
        }
    }
    let hash = user.password.map(|password| password::hash(cost, password)).transpose()?;
    let roles = user.roles.iter().map(|role| ensure_role(conn, organization, role)).collect::<Result<Vec<_>, _>>()?;
    let taken = app_user::table.filter(lower(app_user::username).eq(lower(user.username)));
    if diesel::select(diesel::dsl::exists(taken)).get_result(conn)? {
        return Err(AccessError::refused(format!("a user with the name \"{}\" exists already", user.username)));
    }
    let id: i64 = diesel::insert_into(app_user::table)
        .values((
            app_user::organization_id.eq(organization),
            app_user::username.eq(user.username),
            app_user::email.eq(user.email),
            app_user::first_name.eq(user.first_name),
            app_user::last_name.eq(user.last_name),
            app_user::password_changed_at.eq(hash.is_some().then(Utc::now)),
            app_user::password_hash.eq(hash),
            app_user::owner_id.eq(business_unit),
        ))
        .returning(app_user::id)
        .get_result(conn)?;
    diesel::insert_into(app_user_business_unit::table)
        .values((
            app_user_business_unit::organization_id.eq(organization),
            app_user_business_unit::user_id.eq(id),
            app_user_business_unit::business_unit_id.eq(business_unit),
        ))
        .execute(conn)?;
    for role in roles {
        give_role(conn, organization, id, role)?;
    }
    Ok(id)
}

/// The user of that name: its id and organization.
pub fn find(conn: &mut PgConnection, username: &str) -> Result<Option<(i64, i64)>, AccessError> {
    let found = app_user::table
        .filter(lower(app_user::username).eq(lower(username)))
        .select((app_user::id, app_user::organization_id))
        .first(conn)
        .optional()?;
    Ok(found)
}

/// The role of that name. That of the administrator is made if it is missing, and filled again where nobody else may do
/// everything any more: without it nobody could give any rights.
fn ensure_role(conn: &mut PgConnection, organization: i64, role: &str) -> Result<i64, AccessError> {
    let named = user_role::table.filter(user_role::organization_id.eq(organization).and(user_role::role.eq(role)));
    if role == ADMINISTRATOR {
        if !diesel::select(diesel::dsl::exists(named)).get_result(conn)? {
            return Ok(insert_administrator_role(conn, organization)?);
        }
        if !rights::has_administrator(conn, organization)? {
            diesel::update(named).set(user_role::permissions.eq(everything())).execute(conn)?;
        }
    }
    role_id(conn, organization, role)
}

/// The role of that name in the organization.
fn role_id(conn: &mut PgConnection, organization: i64, role: &str) -> Result<i64, AccessError> {
    let roles: Vec<(i64, String)> = user_role::table
        .filter(user_role::organization_id.eq(organization))
        .order(user_role::role)
        .select((user_role::id, user_role::role))
        .load(conn)?;
    roles.iter().find(|(_, name)| name == role).map(|(id, _)| *id).ok_or_else(|| {
        let names: Vec<&str> = roles.iter().map(|(_, name)| name.as_str()).collect();
        AccessError::refused(format!("there is no role \"{role}\"; the organization has: {}", names.join(", ")))
    })
}

fn give_role(conn: &mut PgConnection, organization: i64, user: i64, role: i64) -> Result<(), AccessError> {
    diesel::insert_into(app_user_role::table)
        .values((
            app_user_role::organization_id.eq(organization),
            app_user_role::user_id.eq(user),
            app_user_role::role_id.eq(role),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}
