//! Accounts of users and customer users: whether they can be used, their passwords, and the end of their logins.

use chrono::Utc;
use diesel::prelude::*;

use super::AccessError;
use super::issue::forget;
use super::password::{self, Cost};
use super::subject::{Columns, Subject};
use crate::schema::{app_user, customer_user};

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    Open,
    Disabled,
    Locked,
    Unconfirmed,
}

impl Account {
    /// `active`: enabled, and not locked.
    pub const fn of(enabled: bool, active: bool, confirmed: bool) -> Account {
        match (enabled, active, confirmed) {
            (false, _, _) => Account::Disabled,
            (true, false, _) => Account::Locked,
            (true, true, false) => Account::Unconfirmed,
            (true, true, true) => Account::Open,
        }
    }

    /// What is in the way of using it.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Account::Open => None,
            Account::Disabled => Some("Account is disabled."),
            Account::Locked => Some("Account is locked."),
            Account::Unconfirmed => Some("Account is not confirmed."),
        }
    }
}

/// Ends the logins that browsers keep: when accounts are disabled or locked, so that none is good again when they are opened.
pub fn end_logins(conn: &mut PgConnection, organization: i64, subjects: &[Subject]) -> QueryResult<()> {
    let ids = |subjects: &[Subject], of: fn(Columns) -> Option<i64>| -> Vec<i64> {
        subjects.iter().filter_map(|subject| of(subject.columns())).collect()
    };
    let (users, buyers) = (ids(subjects, |(user, _, _)| user), ids(subjects, |(_, buyer, _)| buyer));
    if !users.is_empty() {
        let own = app_user::table.filter(app_user::organization_id.eq(organization).and(app_user::id.eq_any(users)));
        diesel::update(own).set(app_user::login_epoch.eq(app_user::login_epoch + 1)).execute(conn)?;
    }
    if !buyers.is_empty() {
        let own = customer_user::table
            .filter(customer_user::organization_id.eq(organization).and(customer_user::id.eq_any(buyers)));
        diesel::update(own).set(customer_user::login_epoch.eq(customer_user::login_epoch + 1)).execute(conn)?;
    }
    Ok(())
}

/// Sets a password, and ends what was opened with the old one. Visitors have none.
pub fn set_password(
    conn: &mut PgConnection,
    cost: Cost,
    organization: i64,
    subject: Subject,
    password: &str,
) -> Result<(), AccessError> {
    let (hash, now) = (password::hash(cost, password)?, Utc::now());
    match subject {
        Subject::User(id) => diesel::update(app_user::table.find((organization, id)))
            .set((app_user::password_hash.eq(hash), app_user::password_changed_at.eq(now)))
            .execute(conn)?,
        Subject::CustomerUser(id) => diesel::update(customer_user::table.find((organization, id)))
            .set((customer_user::password_hash.eq(hash), customer_user::password_changed_at.eq(now)))
            .execute(conn)?,
        Subject::Visitor(_) => return Err(AccessError::refused("a visitor has no password")),
    };
    Ok(forget(conn, organization, &[subject])?)
}
