//! The prices that a customer gets: input, a website, a customer or a visitor, a moment and products; output, every
//! price that holds, in one statement whatever the number of products.
//!
//! The chain of price lists is the customer's own, in the order of `sortOrder`; then, unless a fallback ends it, those
//! of the customer's group; then those of the website. A visitor has the website's alone. A list counts while it is
//! active and, where it has schedules, within one of them; a price counts in one of its list's currencies.
//!
//! By priority (`merge_by_priority`): the first list of the chain that has a price for a product decides. Where that
//! list does not merge (`mergeAllowed`), the product has its prices and no others. Where it does, each list after it
//! that merges too adds its prices for those combinations of unit, quantity and currency that no merging list before it
//! has; a list that does not merge adds nothing.
//!
//! By the smallest (`minimal_prices`): for each product, unit, quantity and currency the smallest value of all lists
//! of the chain, whether they merge or not.
//!
//! The rule itself is the function `effective_price` in the database, which the view behind `customerprices` and the
//! prices of kits use too.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// For whom and when prices are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceScope {
    pub organization: i64,
    pub website: i64,
    /// `None`: a visitor.
    pub customer: Option<i64>,
    /// The moment that schedules are held against.
    pub at: DateTime<Utc>,
}

/// The price of one unit of a product from a quantity on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub product: i64,
    /// The unit's code: `item`.
    pub unit: String,
    /// The price holds from this quantity on.
    pub quantity: Decimal,
    /// ISO 4217.
    pub currency: String,
    pub value: Decimal,
    /// The list it comes from.
    pub price_list: i64,
}

/// Every price of these products that holds for the scope, ordered by product, unit, quantity and currency. `currency`:
/// prices in that one only. Products without a price are not in the answer.
pub fn prices(
    conn: &mut PgConnection,
    scope: &PriceScope,
    products: &[i64],
    currency: Option<&str>,
) -> QueryResult<Vec<Price>> {
    let mut sql = Sql::new();
    sql.raw("SELECT product_id, unit_code, quantity, currency, value, price_list_id FROM effective_price(");
    sql.bind(Value::DateTime(scope.at)).raw(") WHERE organization_id = ").bind(Value::Integer(scope.organization));
    sql.raw(" AND website_id = ").bind(Value::Integer(scope.website));
    match scope.customer {
        Some(customer) => sql.raw(" AND customer_id = ").bind(Value::Integer(customer)),
        None => sql.raw(" AND customer_id IS NULL"),
    };
    sql.raw(" AND product_id = ANY(").bind(Value::Integers(products.to_vec())).raw(")");
    if let Some(currency) = currency {
        sql.raw(" AND currency = ").bind(Value::Text(currency.to_owned()));
    }
    sql.raw(" ORDER BY product_id, unit_code, quantity, currency");
    sql.collect(conn, |row| {
        Ok(Price {
            product: row.integer(0)?.unwrap_or_default(),
            unit: row.text(1)?.unwrap_or_default(),
            quantity: row.numeric(2)?.unwrap_or_default(),
            currency: row.text(3)?.unwrap_or_default(),
            value: row.numeric(4)?.unwrap_or_default(),
            price_list: row.integer(5)?.unwrap_or_default(),
        })
    })
}
