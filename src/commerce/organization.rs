//! A new organization with what every organization needs: a business unit and the first roles.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use crate::engine::sql::{Sql, transaction};
use crate::engine::value::Value;

/// The role that may do everything in its organization.
pub const ADMINISTRATOR: &str = "ROLE_ADMINISTRATOR";

/// The ids of a new organization's first records.
#[derive(Clone, Copy, Debug)]
pub struct NewOrganization {
    pub id: i64,
    /// The unit that owns what is created without an owner.
    pub business_unit: i64,
    /// The role [`ADMINISTRATOR`].
    pub administrator_role: i64,
}

/// Creates an organization. The name is unique over the installation.
pub fn create_organization(conn: &mut PgConnection, name: &str) -> QueryResult<NewOrganization> {
    transaction(conn, |conn| {
        let id = insert_organization(conn, name)?;
        let business_unit = insert_business_unit(conn, id, "Main")?;
        let all = json!({"*": {
            "VIEW": "organization", "CREATE": "organization", "EDIT": "organization",
            "DELETE": "organization", "ASSIGN": "organization",
        }});
        let administrator_role = insert_role(conn, id, ADMINISTRATOR, "Administrator", all)?;
        Ok(NewOrganization { id, business_unit, administrator_role })
    })
}

fn insert_organization(conn: &mut PgConnection, name: &str) -> QueryResult<i64> {
    let mut sql = Sql::new();
    sql.raw("INSERT INTO organization (name) VALUES (").bind(Value::Text(name.to_owned())).raw(") RETURNING id");
    returned_id(conn, sql)
}

fn insert_business_unit(conn: &mut PgConnection, organization: i64, name: &str) -> QueryResult<i64> {
    let mut sql = Sql::new();
    sql.raw("INSERT INTO business_unit (organization_id, name) VALUES (")
        .bind(Value::Integer(organization))
        .raw(", ")
        .bind(Value::Text(name.to_owned()))
        .raw(") RETURNING id");
    returned_id(conn, sql)
}

/// Inserts a role; `permissions` as in `userroles.permissions`.
pub fn insert_role(
    conn: &mut PgConnection,
    organization: i64,
    role: &str,
    label: &str,
    permissions: serde_json::Value,
) -> QueryResult<i64> {
    let mut sql = Sql::new();
    sql.raw("INSERT INTO user_role (organization_id, role, label, permissions) VALUES (")
        .bind(Value::Integer(organization))
        .raw(", ")
        .bind(Value::Text(role.to_owned()))
        .raw(", ")
        .bind(Value::Text(label.to_owned()))
        .raw(", ")
        .bind(Value::Json(permissions))
        .raw(") RETURNING id");
    returned_id(conn, sql)
}

/// The one id that an `INSERT … RETURNING id` answers.
fn returned_id(conn: &mut PgConnection, sql: Sql) -> QueryResult<i64> {
    let ids = sql.collect(conn, |row| row.integer(0))?;
    ids.into_iter().flatten().next().ok_or(diesel::result::Error::NotFound)
}
