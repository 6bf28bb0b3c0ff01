//! What the database holds when all is over.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

/// The rows that the checker looks at.
#[derive(Default)]
pub struct Stored {
    pub orders: Vec<OrderRow>,
    /// The customers that came in batches.
    pub customers: Vec<CustomerRow>,
    pub operations: Vec<OperationRow>,
    pub results: Vec<ResultRow>,
    /// Of [`FOLLOWED`], in the order of their ids.
    pub changes: Vec<ChangeRow>,
    /// The user who sees no customers but his own.
    pub limited: Option<i64>,
    /// How many webhooks are pending or were given up.
    pub undelivered: i64,
}

#[derive(Clone, QueryableByName)]
pub struct OrderRow {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub identifier: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub po_number: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    pub lines: Vec<String>,
}

#[derive(Clone, QueryableByName)]
pub struct CustomerRow {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub name: String,
}

#[derive(Clone, QueryableByName)]
pub struct OperationRow {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub status: String,
}

/// What became of a record of a batch.
#[derive(Clone, QueryableByName)]
pub struct ResultRow {
    #[diesel(sql_type = Text)]
    pub operation: String,
    #[diesel(sql_type = BigInt)]
    pub index: i64,
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub record: Option<String>,
}

/// The name of the user who sees no customers but his own.
pub const LIMITED: &str = "limited";

/// The types of which changes are read and checked.
pub const FOLLOWED: &str = "orders,orderlineitems,customers";

#[derive(Clone, Debug, Default, QueryableByName)]
pub struct ChangeRow {
    /// In the feed.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub position: Option<i64>,
    #[diesel(sql_type = Text)]
    pub resource: String,
    #[diesel(sql_type = Text)]
    pub record: String,
    #[diesel(sql_type = Text)]
    pub action: String,
    /// The user who owns the record, and who did before the change.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub owner: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub owner_before: Option<i64>,
}

/// Changes by type and record, each record's in their order.
pub type Changes<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a ChangeRow>>;

impl Stored {
    pub fn changes_by_record(&self) -> Changes<'_> {
        let mut changes = Changes::new();
        for change in &self.changes {
            changes.entry((&change.resource, &change.record)).or_default().push(change);
        }
        changes
    }

    pub fn customers_by_name(&self) -> BTreeMap<&str, Vec<&CustomerRow>> {
        let mut customers: BTreeMap<&str, Vec<&CustomerRow>> = BTreeMap::new();
        for row in &self.customers {
            customers.entry(&row.name).or_default().push(row);
        }
        customers
    }

    pub fn read(url: &str) -> Stored {
        let mut conn = PgConnection::establish(url).unwrap();
        let orders = "SELECT id::text, identifier, po_number, ARRAY(SELECT line.id::text FROM sales_order_line_item AS line \
             WHERE line.organization_id = o.organization_id AND line.order_id = o.id) AS lines \
             FROM sales_order AS o WHERE identifier LIKE 'fault-%'";
        let customers = "SELECT id::text, name FROM customer WHERE name LIKE 'fault-%'";
        let operations = "SELECT id::text, status FROM async_operation";
        let results = "SELECT operation_id::text AS operation, record_index AS index, outcome, record_id AS record \
             FROM async_operation_result";
        let changes = "SELECT position, resource, record_id AS record, action, owner_id AS owner, \
             CASE WHEN moved THEN old_owner_id ELSE owner_id END AS owner_before FROM change \
             WHERE resource = ANY (string_to_array($1, ',')) ORDER BY id";
        Stored {
            orders: diesel::sql_query(orders).load(&mut conn).unwrap(),
            customers: diesel::sql_query(customers).load(&mut conn).unwrap(),
            operations: diesel::sql_query(operations).load(&mut conn).unwrap(),
            results: diesel::sql_query(results).load(&mut conn).unwrap(),
            changes: diesel::sql_query(changes).bind::<Text, _>(FOLLOWED).load(&mut conn).unwrap(),
            limited: user(&mut conn, LIMITED),
            undelivered: deliveries(&mut conn, "status <> 'delivered'"),
        }
    }
}

fn user(conn: &mut PgConnection, name: &str) -> Option<i64> {
    let id = sql::<Nullable<BigInt>>(&format!("(SELECT id FROM app_user WHERE username = '{name}')"));
    diesel::select(id).get_result(conn).unwrap()
}

/// How many changes have no place in the feed yet.
pub fn unnumbered(url: &str) -> i64 {
    let count = sql::<BigInt>("(SELECT count(*) FROM change WHERE position IS NULL)");
    diesel::select(count).get_result(&mut PgConnection::establish(url).unwrap()).unwrap()
}

/// How many webhooks wait for being sent.
pub fn pending(url: &str) -> i64 {
    deliveries(&mut PgConnection::establish(url).unwrap(), "status = 'pending'")
}

fn deliveries(conn: &mut PgConnection, which: &str) -> i64 {
    let count = sql::<BigInt>(&format!("(SELECT count(*) FROM webhook_delivery WHERE {which})"));
    diesel::select(count).get_result(conn).unwrap()
}
