//! The demonstration: who may log in to it, and what it shows.

pub mod credentials;

use diesel::pg::PgConnection;

use crate::auth::demo::{DemoSecrets, ensure_demo_access};
use crate::auth::password::Cost;
use crate::auth::secret::ServerKey;
use crate::error::{Error, Errors};

/// Makes the demonstration's users and clients, or gives them these secrets. In the caller's transaction.
pub fn load(conn: &mut PgConnection, key: &ServerKey, cost: Cost, secrets: DemoSecrets<'_>) -> Result<(), Errors> {
    ensure_demo_access(conn, key, cost, secrets).map_err(Error::from)?;
    Ok(())
}
