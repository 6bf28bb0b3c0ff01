//! What a token is (RFC 7662), told to a confidential client of the organization that the token belongs to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text, Timestamptz};
use serde_json::{Value, json};

use super::clients::Client;
use super::issue::REFRESH;
use super::token::Claims;
use super::{AccessError, Auth, callers};

/// The answer about a token. `issuer` gives the issuer of an API's tokens. Whatever is wrong with the token, it is
/// `{"active": false}` and nothing more.
pub fn introspect(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    token: &str,
    issuer: impl Fn(&str) -> String,
) -> Result<Value, AccessError> {
    let found = match refresh_token(conn, auth, client, token)? {
        Some(found) => Some(found),
        None => access_token(conn, auth, client, token)?,
    };
    Ok(found.map_or_else(
        || json!({"active": false}),
        |(api, mut found)| {
            found["iss"] = Value::from(issuer(&api));
            found
        },
    ))
}

fn access_token(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    token: &str,
) -> Result<Option<(String, Value)>, AccessError> {
    let Some(claims) = auth.claims(conn, token)? else { return Ok(None) };
    let caller =
        callers::load(conn, &claims, auth.apis.visitors)?.filter(|caller| caller.organization == client.organization);
    Ok(caller.map(|_| (claims.api.clone(), of_claims(&claims))))
}

fn of_claims(claims: &Claims) -> Value {
    let mut found = json!({
        "active": true,
        "client_id": claims.aud,
        "token_type": "Bearer",
        "exp": claims.exp,
        "iat": claims.iat,
        "nbf": claims.nbf,
        "aud": claims.aud,
        "jti": claims.jti,
    });
    if !claims.sub.is_empty() {
        found["username"] = Value::from(claims.sub.as_str());
        found["sub"] = Value::from(claims.sub.as_str());
    }
    found
}

#[derive(QueryableByName)]
struct Refresh {
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Text)]
    api: String,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Timestamptz)]
    issued_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
}

const BY_REFRESH_TOKEN: &str = "SELECT token.client_id, client.api, token.issued_at, token.expires_at, \
        COALESCE(app_user.username, buyer.email, 'visitor:' || visitor.session_id) AS username \
    FROM oauth_refresh_token token \
        JOIN oauth_client client ON client.organization_id = token.organization_id AND client.id = token.client_id \
        JOIN organization ON organization.id = token.organization_id \
        LEFT JOIN app_user ON app_user.organization_id = token.organization_id AND app_user.id = token.user_id \
            AND app_user.active \
        LEFT JOIN customer_user buyer \
            ON buyer.organization_id = token.organization_id AND buyer.id = token.customer_user_id \
            AND buyer.active AND buyer.confirmed AND NOT buyer.is_guest \
        LEFT JOIN customer_visitor visitor \
            ON visitor.organization_id = token.organization_id AND visitor.id = token.visitor_id AND $3 \
    WHERE token.hash = $1 AND token.organization_id = $2 \
        AND token.used_at IS NULL AND token.revoked_at IS NULL AND token.expires_at > now() \
        AND client.active AND organization.enabled \
        AND num_nonnulls(app_user.id, buyer.id, visitor.id) = 1";

fn refresh_token(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    token: &str,
) -> Result<Option<(String, Value)>, AccessError> {
    let row = diesel::sql_query(BY_REFRESH_TOKEN)
        .bind::<Binary, _>(auth.server.mac(REFRESH, token))
        .bind::<BigInt, _>(client.organization)
        .bind::<Bool, _>(auth.apis.visitors)
        .get_result::<Refresh>(conn)
        .optional()?;
    Ok(row.map(|row| {
        let found = json!({
            "active": true,
            "client_id": row.client_id,
            "username": row.username,
            "sub": row.username,
            "aud": row.client_id,
            "iat": row.issued_at.timestamp(),
            "exp": row.expires_at.timestamp(),
        });
        (row.api, found)
    }))
}
