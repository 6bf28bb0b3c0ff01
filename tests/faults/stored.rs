//! What the database holds when all is over.

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

/// The types of which changes are read and checked.
pub const FOLLOWED: &str = "orders,orderlineitems,customers";

#[derive(Clone, Debug, QueryableByName)]
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
}

impl Stored {
    pub fn read(url: &str) -> Stored {
        let mut conn = PgConnection::establish(url).unwrap();
        let orders = "SELECT id::text, identifier, po_number, ARRAY(SELECT line.id::text FROM sales_order_line_item AS line \
             WHERE line.organization_id = o.organization_id AND line.order_id = o.id) AS lines \
             FROM sales_order AS o WHERE identifier LIKE 'fault-%'";
        let customers = "SELECT id::text, name FROM customer WHERE name LIKE 'fault-%'";
        let operations = "SELECT id::text, status FROM async_operation";
        let results = "SELECT operation_id::text AS operation, record_index AS index, outcome, record_id AS record \
             FROM async_operation_result";
        let changes = "SELECT position, resource, record_id AS record, action FROM change \
             WHERE resource = ANY (string_to_array($1, ',')) ORDER BY id";
        Stored {
            orders: diesel::sql_query(orders).load(&mut conn).unwrap(),
            customers: diesel::sql_query(customers).load(&mut conn).unwrap(),
            operations: diesel::sql_query(operations).load(&mut conn).unwrap(),
            results: diesel::sql_query(results).load(&mut conn).unwrap(),
            changes: diesel::sql_query(changes).bind::<Text, _>(FOLLOWED).load(&mut conn).unwrap(),
            undelivered: deliveries(&mut conn, "status <> 'delivered'"),
        }
    }
}

/// How many webhooks wait for being sent.
pub fn pending(url: &str) -> i64 {
    deliveries(&mut PgConnection::establish(url).unwrap(), "status = 'pending'")
}

fn deliveries(conn: &mut PgConnection, which: &str) -> i64 {
    let count = sql::<BigInt>(&format!("(SELECT count(*) FROM webhook_delivery WHERE {which})"));
    diesel::select(count).get_result(conn).unwrap()
}
