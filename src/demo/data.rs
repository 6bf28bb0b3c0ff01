//! The demonstration's records: a small supplier of tools with products, prices, stock, customers, taxes and orders.
//!
//! [`load`] sends JSON:API documents through the write path, as a client would: what it loads is what the API accepts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::{Value as Json, json};

use super::{activity, catalog, customers, orders, prices, taxes};
use crate::acl::{self, Caller, Permissions, Principal, User};
use crate::auth::demo::DemoAccess;
use crate::auth::password::Cost;
use crate::engine::document;
use crate::engine::key::Key;
use crate::engine::registry::Registry;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::plan::{Route, WritePlan};
use crate::engine::write::{self, Context, Nobody};
use crate::error::{Error, Errors};
use crate::resources;

/// Loads the records into the demonstration's organization, in the caller's transaction. Where it already has products,
/// nothing is done. Answers whether something was.
pub fn load(conn: &mut PgConnection, access: DemoAccess) -> Result<bool, Errors> {
    let mut sql = Sql::new();
    sql.raw("SELECT 1::bigint FROM product WHERE organization_id = ").bind(Value::Integer(access.organization));
    sql.raw(" LIMIT 1");
    if !sql.collect(conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?.is_empty() {
        return Ok(false);
    }
    let mut demo = Demo::new(conn, access);
    demo.create(
        "businessunits",
        json!({"name": "Sales", "email": "sales@example.org"}),
        json!({
            "owner": one("businessunits", access.business_unit),
        }),
    )?;
    demo.create("usergroups", json!({"name": "Sales"}), json!({}))?;
    let customers = customers::load(&mut demo)?;
    let catalog = catalog::load(&mut demo)?;
    prices::load(&mut demo, &customers, &catalog)?;
    taxes::load(&mut demo, &catalog.tax_code, &customers.tax_code)?;
    let orders = orders::load(&mut demo, &customers, &catalog)?;
    activity::load(&mut demo, &customers, &orders)?;
    Ok(true)
}

/// Ids by a name of the demonstration's own: `SKU`, a customer's short name.
pub(super) type Ids = BTreeMap<&'static str, String>;

/// The write path with the rights of the demonstration's administrator.
pub(super) struct Demo<'c> {
    pub conn: &'c mut PgConnection,
    pub now: DateTime<Utc>,
    registry: Registry,
    caller: Caller,
    switches: BTreeSet<&'static str>,
}

impl<'c> Demo<'c> {
    fn new(conn: &'c mut PgConnection, access: DemoAccess) -> Demo<'c> {
        let mut permissions = Permissions::default();
        permissions.grant_all(&json!({"*": {
            "VIEW": "organization", "CREATE": "organization", "EDIT": "organization",
            "DELETE": "organization", "ASSIGN": "organization",
        }}));
        let caller = Caller {
            organization: access.organization,
            principal: Principal::User(User {
                id: access.admin,
                business_unit: access.business_unit,
                business_units: vec![access.business_unit],
                division: vec![access.business_unit],
            }),
            client: "demo".to_owned(),
            permissions,
            networks: Default::default(),
            locale: Default::default(),
        };
        Demo {
            conn,
            now: Utc::now(),
            registry: Registry::new("admin", "/admin/api", resources::ALL),
            caller,
            switches: BTreeSet::from(["orders.external_status_management"]),
        }
    }

    /// The organization the records belong to.
    pub fn organization(&self) -> i64 {
        self.caller.organization
    }

    /// The id of one of the organization's first roles of customer users.
    pub fn customer_user_role(&mut self, role: &str) -> Result<String, Errors> {
        let mut sql = Sql::new();
        sql.raw("SELECT id FROM customer_user_role WHERE organization_id = ").bind(Value::Integer(self.organization()));
        sql.raw(" AND role = ").bind(Value::Text(role.to_owned()));
        let ids = sql.collect(self.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
        let id = ids.into_iter().flatten().next();
        Ok(id.ok_or_else(|| Error::internal(format!("the organization has no role {role}")))?.to_string())
    }

    /// Creates a record without parts; its id.
    pub fn create(&mut self, kind: &str, attributes: Json, relationships: Json) -> Result<String, Errors> {
        self.post(json!({"type": kind, "attributes": attributes, "relationships": relationships}), json!([]))
    }

    /// Creates a record with what it is sent with; its id.
    pub fn post(&mut self, data: Json, included: Json) -> Result<String, Errors> {
        self.send(&data, &included, &Route::Create)
    }

    /// Updates attributes of a record.
    pub fn patch(&mut self, kind: &str, id: i64, attributes: Json) -> Result<(), Errors> {
        let data = json!({"type": kind, "id": id.to_string(), "attributes": attributes});
        self.send(&data, &json!([]), &Route::Update(Key::Integer(id))).map(drop)
    }

    fn send(&mut self, data: &Json, included: &Json, route: &Route) -> Result<String, Errors> {
        let kind = data["type"].as_str().unwrap_or_default();
        let resource = self.registry.get(kind).ok_or_else(|| Error::unknown_type(kind))?;
        let id = match route {
            Route::Create => None,
            Route::Update(key) => Some(key.to_string()),
        };
        let mut body = json!({"data": data});
        if included.as_array().is_some_and(|list| !list.is_empty()) {
            body["included"] = included.clone();
        }
        let body = serde_json::to_vec(&body).map_err(Error::internal)?;
        let document = document::parse(&body, &self.registry, resource, id.as_deref())?;
        let plan = WritePlan::build(&document, route)?;
        let plan = acl::authorize(plan, &self.caller)?;
        let passwords = &Cost::default();
        let (server, observer) = (&Nobody, &Nobody);
        let context =
            Context { caller: &self.caller, now: self.now, switches: &self.switches, passwords, server, observer };
        Ok(write::write(self.conn, context, plan)?.key().to_string())
    }
}

/// The linkage of a to-one.
pub(super) fn one(kind: &str, id: impl ToString) -> Json {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

/// The linkage of a to-many.
pub(super) fn many<I: ToString>(kind: &str, ids: impl IntoIterator<Item = I>) -> Json {
    json!({"data": ids.into_iter().map(|id| json!({"type": kind, "id": id.to_string()})).collect::<Vec<_>>()})
}
