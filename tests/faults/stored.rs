//! What the database holds when all is over.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

/// The rows that the checker looks at.
#[derive(Default)]
pub struct Stored {
    pub orders: Vec<OrderRow>,
    /// Of orders and their lines, in the order of their ids.
    pub changes: Vec<ChangeRow>,
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
        let changes = "SELECT position, resource, record_id AS record, action FROM change \
             WHERE resource IN ('orders', 'orderlineitems') ORDER BY id";
        Stored {
            orders: diesel::sql_query(orders).load(&mut conn).unwrap(),
            changes: diesel::sql_query(changes).load(&mut conn).unwrap(),
        }
    }
}
