//! A new organization with what every organization needs: a business unit, the first roles, tax settings, a website, an
//! attribute family, the root of the category tree and the names of the localizations.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use crate::engine::sql::{Sql, transaction};
use crate::engine::value::Value;

/// The role that may do everything in its organization.
pub const ADMINISTRATOR: &str = "ROLE_ADMINISTRATOR";

/// The role of customer users who look after their customer.
pub const CUSTOMER_ADMINISTRATOR: &str = "ROLE_FRONTEND_ADMINISTRATOR";

/// The role of customer users who buy.
pub const BUYER: &str = "ROLE_FRONTEND_BUYER";

/// The ids of a new organization's first records.
#[derive(Clone, Copy, Debug)]
pub struct NewOrganization {
    pub id: i64,
    /// The unit that owns what is created without an owner.
    pub business_unit: i64,
    /// The role [`ADMINISTRATOR`].
    pub administrator_role: i64,
    /// The default website.
    pub website: i64,
    /// `default_family`.
    pub attribute_family: i64,
    /// The category `All Products`.
    pub root_category: i64,
}

/// Creates an organization. The name is unique over the installation. The reference data
/// ([`super::reference::load`]) must be there.
pub fn create_organization(conn: &mut PgConnection, name: &str) -> QueryResult<NewOrganization> {
    transaction(conn, |conn| {
        let id = insert_organization(conn, name)?;
        let business_unit = insert_business_unit(conn, id, "Main")?;
        let administrator_role = insert_administrator_role(conn, id)?;
        insert_customer_user_roles(conn, id)?;
        insert_localization_titles(conn, id)?;
        insert_tax_settings(conn, id)?;
        let website = insert_website(conn, id)?;
        let attribute_family = insert_attribute_family(conn, id)?;
        let root_category = insert_root_category(conn, id)?;
        Ok(NewOrganization { id, business_unit, administrator_role, website, attribute_family, root_category })
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

/// Inserts the role [`ADMINISTRATOR`], which the organization must not have.
pub fn insert_administrator_role(conn: &mut PgConnection, organization: i64) -> QueryResult<i64> {
    insert_role(conn, organization, ADMINISTRATOR, "Administrator", everything())
}

/// The permissions of the role [`ADMINISTRATOR`].
pub fn everything() -> serde_json::Value {
    json!({"*": {
        "VIEW": "organization", "CREATE": "organization", "EDIT": "organization",
        "DELETE": "organization", "ASSIGN": "organization",
    }})
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

fn insert_customer_user_roles(conn: &mut PgConnection, organization: i64) -> QueryResult<()> {
    for (role, label, permissions) in
        [(CUSTOMER_ADMINISTRATOR, "Administrator", customer_administrator()), (BUYER, "Buyer", buyer())]
    {
        let mut sql = Sql::new();
        sql.raw("INSERT INTO customer_user_role (organization_id, role, label, permissions) VALUES (");
        sql.bind(Value::Integer(organization)).raw(", ").bind(Value::Text(role.to_owned())).raw(", ");
        sql.bind(Value::Text(label.to_owned())).raw(", ").bind(Value::Json(permissions)).raw(")");
        sql.execute(conn)?;
    }
    Ok(())
}

/// Sees everything of the own customer and those below it, and looks after their users and addresses.
fn customer_administrator() -> serde_json::Value {
    let all = json!({
        "VIEW": "division", "CREATE": "division", "EDIT": "division", "DELETE": "division", "ASSIGN": "division",
    });
    let view = json!({"VIEW": "division"});
    json!({
        "customers": view, "customeraddresses": all, "customerusers": all, "customeruserroles": view, "orders": view,
    })
}

/// Sees the own customer, and of its users and orders only the own ones.
fn buyer() -> serde_json::Value {
    json!({
        "customers": {"VIEW": "department"},
        "customeraddresses": {"VIEW": "department"},
        "customerusers": {"VIEW": "user", "EDIT": "user"},
        "customeruserroles": {"VIEW": "department"},
        "orders": {"VIEW": "user"},
    })
}

/// Each localization gets its own name as title.
fn insert_localization_titles(conn: &mut PgConnection, organization: i64) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(
        "WITH title AS (SELECT id AS localization_id, name, nextval('localized_fallback_value_id_seq') AS value_id \
         FROM localization ORDER BY id), \
         value AS (INSERT INTO localized_fallback_value (organization_id, id, string) SELECT ",
    )
    .bind(Value::Integer(organization))
    .raw(
        ", value_id, name FROM title RETURNING organization_id, id) \
         INSERT INTO localization_localized_value (organization_id, localization_id, value_id, slot) \
         SELECT value.organization_id, title.localization_id, value.id, 'titles' \
         FROM title JOIN value ON value.id = title.value_id",
    );
    sql.execute(conn).map(drop)
}

fn insert_tax_settings(conn: &mut PgConnection, organization: i64) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw("INSERT INTO tax_settings (organization_id) VALUES (").bind(Value::Integer(organization)).raw(")");
    sql.execute(conn).map(drop)
}

fn insert_website(conn: &mut PgConnection, organization: i64) -> QueryResult<i64> {
    let mut sql = Sql::new();
    sql.raw("INSERT INTO website (organization_id, name, is_default) VALUES (")
        .bind(Value::Integer(organization))
        .raw(", 'Default', true) RETURNING id");
    returned_id(conn, sql)
}

fn insert_attribute_family(conn: &mut PgConnection, organization: i64) -> QueryResult<i64> {
    let mut family = Sql::new();
    family
        .raw("INSERT INTO attribute_family (organization_id, code) VALUES (")
        .bind(Value::Integer(organization))
        .raw(", 'default_family') RETURNING id");
    let id = returned_id(conn, family)?;
    let mut label = Sql::new();
    label
        .raw("WITH value AS (INSERT INTO localized_fallback_value (organization_id, string) VALUES (")
        .bind(Value::Integer(organization))
        .raw(
            ", 'Default') RETURNING organization_id, id) INSERT INTO attribute_family_localized_value \
             (organization_id, attribute_family_id, value_id, slot) SELECT value.organization_id, ",
        )
        .bind(Value::Integer(id))
        .raw(", value.id, 'labels' FROM value");
    label.execute(conn)?;
    Ok(id)
}

fn insert_root_category(conn: &mut PgConnection, organization: i64) -> QueryResult<i64> {
    let mut category = Sql::new();
    category
        .raw(
            "WITH drawn AS (SELECT nextval('category_id_seq') AS id) INSERT INTO category \
             (organization_id, id, tree_left, tree_right, tree_level, tree_root, materialized_path) SELECT ",
        )
        .bind(Value::Integer(organization))
        .raw(", id, 1, 2, 0, id, id::text FROM drawn RETURNING id");
    let id = returned_id(conn, category)?;
    let mut title = Sql::new();
    title
        .raw("INSERT INTO category_title (organization_id, category_id, string) VALUES (")
        .bind(Value::Integer(organization))
        .raw(", ")
        .bind(Value::Integer(id))
        .raw(", 'All Products')");
    title.execute(conn)?;
    Ok(id)
}

/// The one id that an `INSERT … RETURNING id` answers.
fn returned_id(conn: &mut PgConnection, sql: Sql) -> QueryResult<i64> {
    let ids = sql.collect(conn, |row| row.integer(0))?;
    ids.into_iter().flatten().next().ok_or(diesel::result::Error::NotFound)
}
