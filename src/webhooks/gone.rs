//! A receiver has answered 410: its subscription goes (contract 25), through the same write path as any deletion.

use std::sync::Arc;

use diesel::pg::PgConnection;
use serde_json::json;

use super::dispatcher::claim::Claimed;
use crate::acl::{Caller, Permissions, Principal, User};
use crate::app::App;
use crate::auth::callers;
use crate::db::Failure;
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write;
use crate::error::{ACCESS_DENIED, Error, Errors, NOT_FOUND};
use crate::resources::integration::WEBHOOK;

/// Removes the subscription of a delivery; one of the system is switched off instead.
pub async fn remove(app: &Arc<App>, claimed: Claimed) {
    let own = app.clone();
    let removed = app.db.transaction(move |conn| delete(conn, &own, &claimed)).await;
    if let Err(error) = removed {
        tracing::warn!(%error, "a webhook whose receiver is gone was not deleted");
    }
}

fn delete(conn: &mut PgConnection, app: &App, claimed: &Claimed) -> Result<(), Errors> {
    let Some(caller) = server(conn, claimed)? else { return Ok(()) };
    let key = Key::Uuid(claimed.webhook);
    match write::delete(conn, app.write_context(&caller), &WEBHOOK, &[key]) {
        Ok(_) => tracing::info!(webhook = %claimed.webhook, "a receiver is gone, and its webhook deleted"),
        // Someone else was faster.
        Err(errors) if errors.has(&NOT_FOUND) => {}
        Err(errors) if errors.has(&ACCESS_DENIED) => switch_off(conn, claimed)?,
        Err(errors) => return Err(errors),
    }
    Ok(())
}

/// The server itself, in the name of the subscription's owner: who may do what does not matter to a receiver.
fn server(conn: &mut PgConnection, claimed: &Claimed) -> Result<Option<Caller>, Error> {
    let owner = callers::user(conn, claimed.organization, claimed.owner, "webhooks")?;
    Ok(owner.map(|owner| {
        let mut permissions = Permissions::default();
        permissions.grant_all(&json!({WEBHOOK.name: {"DELETE": "organization", "VIEW": "organization"}}));
        let unit = owner.user().map_or(0, |user| user.business_unit);
        let user = User { id: claimed.owner, business_unit: unit, business_units: Vec::new(), division: Vec::new() };
        Caller { permissions, principal: Principal::User(user), ..owner }
    }))
}

fn switch_off(conn: &mut PgConnection, claimed: &Claimed) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE webhook SET enabled = false, updated_at = now() WHERE organization_id = ");
    sql.bind(Value::Integer(claimed.organization)).raw(" AND id = ").bind(Value::Uuid(claimed.webhook));
    sql.execute(conn)?;
    Ok(())
}
