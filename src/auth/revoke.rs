//! A client gives a token back (RFC 7009).

use chrono::Utc;
use diesel::prelude::*;
use uuid::Uuid;

use super::Auth;
use super::clients::Client;
use super::grant::NotGranted;
use super::issue::{REFRESH, revoke_family};
use super::oauth2::Refusal;
use crate::schema::{oauth_access_token, oauth_refresh_token};

/// Ends a token: an access token alone, or a refresh token with everything that came of the same login. One that is not
/// good (any more) is ended already; one of another client is refused. The access tokens that were ended.
pub fn revoke(conn: &mut PgConnection, auth: &Auth, client: &Client, token: &str) -> Result<Vec<Uuid>, NotGranted> {
    let hash = auth.server.mac(REFRESH, token);
    let refresh = oauth_refresh_token::table
        .find(&hash)
        .select((oauth_refresh_token::client_id, oauth_refresh_token::family))
        .for_update()
        .first::<(String, Uuid)>(conn)
        .optional()?;
    if let Some((owner, family)) = refresh {
        own(client, &owner)?;
        return Ok(revoke_family(conn, family, Utc::now())?);
    }
    let Some(claims) = auth.claims(conn, token)? else { return Ok(Vec::new()) };
    own(client, &claims.aud)?;
    let ended = diesel::update(oauth_access_token::table.find(claims.jti))
        .filter(oauth_access_token::revoked_at.is_null())
        .set(oauth_access_token::revoked_at.eq(Utc::now()))
        .returning(oauth_access_token::jti)
        .get_results(conn)?;
    Ok(ended)
}

fn own(client: &Client, owner: &str) -> Result<(), NotGranted> {
    if owner == client.id { Ok(()) } else { Err(Refusal::token_of_another().into()) }
}
