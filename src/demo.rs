//! The demonstration: who may log in to it, and what it shows.

mod activity;
mod catalog;
pub mod credentials;
mod customers;
pub mod data;
mod german;
mod orders;
mod prices;
mod taxes;

use diesel::pg::PgConnection;

use crate::auth::Api;
use crate::auth::demo::{DemoSecrets, ensure_buyer, ensure_demo_access, ensure_demo_apps};
use crate::auth::password::Cost;
use crate::auth::secret::ServerKey;
use crate::error::{Error, Errors};

/// Makes the demonstration's users and clients, or gives them these secrets, and loads its records where there are none.
/// `pages`: where the clients of an API may send people back to. In the caller's transaction.
pub fn load(
    conn: &mut PgConnection,
    key: &ServerKey,
    cost: Cost,
    secrets: DemoSecrets<'_>,
    pages: impl Fn(Api) -> Vec<String>,
) -> Result<(), Errors> {
    let access = ensure_demo_access(conn, key, cost, secrets).map_err(Error::from)?;
    ensure_demo_apps(conn, key, access.organization, pages).map_err(Error::from)?;
    data::load(conn, access)?;
    ensure_buyer(conn, cost, access.organization, secrets).map_err(Error::from)?;
    Ok(())
}
