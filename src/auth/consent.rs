//! What users have agreed to: that a client acts in their name. Once is enough, except where another program could pass
//! for the client.

use chrono::Utc;
use diesel::prelude::*;

use super::authorize::{Application, Target};
use super::redirect;
use super::subject::{Subject, Subjects};
use crate::schema::oauth_consent;

/// Whether the user has to be asked. A program on the user's machine cannot prove which one it is, so what was agreed to
/// before is asked again (RFC 8252, 8.6); the operator's word that a client needs no consent holds for all.
pub fn is_needed(
    conn: &mut PgConnection,
    application: &Application,
    target: &Target,
    subject: Subject,
) -> QueryResult<bool> {
    if application.skip_consent {
        return Ok(false);
    }
    if !application.confidential && redirect::is_claimable(&target.uri) {
        return Ok(true);
    }
    let (user, buyer, _) = subject.columns();
    let known = oauth_consent::table
        .filter(oauth_consent::organization_id.eq(application.organization))
        .filter(oauth_consent::client_id.eq(&application.id))
        .filter(oauth_consent::user_id.is_not_distinct_from(user))
        .filter(oauth_consent::customer_user_id.is_not_distinct_from(buyer));
    diesel::select(diesel::dsl::not(diesel::dsl::exists(known))).get_result(conn)
}

/// Remembers that the user has agreed.
pub fn give(conn: &mut PgConnection, application: &Application, subject: Subject) -> QueryResult<()> {
    let (user, buyer, _) = subject.columns();
    diesel::insert_into(oauth_consent::table)
        .values((
            oauth_consent::organization_id.eq(application.organization),
            oauth_consent::client_id.eq(&application.id),
            oauth_consent::user_id.eq(user),
            oauth_consent::customer_user_id.eq(buyer),
            oauth_consent::given_at.eq(Utc::now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .map(drop)
}

/// Forgets what a user has agreed to.
pub fn forget(conn: &mut PgConnection, organization: i64, subjects: &Subjects) -> QueryResult<()> {
    let of_users = oauth_consent::user_id.eq_any(&subjects.users);
    let own = oauth_consent::table
        .filter(oauth_consent::organization_id.eq(organization))
        .filter(of_users.or(oauth_consent::customer_user_id.eq_any(&subjects.customer_users)));
    diesel::delete(own).execute(conn).map(drop)
}
