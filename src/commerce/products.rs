//! What the rules of orders and prices must know about products: input, ids and SKUs; output, [`Product`]s.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types as st;

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// A product as order lines see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    pub sku: String,
    /// The name without localization.
    pub name: Option<String>,
    pub is_kit: bool,
    /// Units with the number of decimals of their quantities.
    pub units: HashMap<String, i32>,
}

/// Products by id, and their ids by SKU in lower case.
#[derive(Clone, Debug, Default)]
pub struct Products {
    pub by_id: HashMap<i64, Product>,
    pub by_sku: HashMap<String, i64>,
}

/// The units of products, by product.
pub type Units = HashMap<i64, HashSet<String>>;

/// The units of some products, in one statement.
pub fn units(conn: &mut PgConnection, organization: i64, products: &[i64]) -> QueryResult<Units> {
    let mut units = Units::new();
    if products.is_empty() {
        return Ok(units);
    }
    let mut sql = Sql::new();
    sql.raw("SELECT product_id, unit_code FROM product_unit_precision WHERE organization_id = ");
    sql.bind(Value::Integer(organization))
        .raw(" AND product_id = ANY(")
        .bind(Value::Integers(products.to_vec()))
        .raw(")");
    sql.for_each(conn, |row| -> QueryResult<()> {
        if let (Some(product), Some(unit)) = (row.integer(0)?, row.text(1)?) {
            units.entry(product).or_default().insert(unit);
        }
        Ok(())
    })?;
    Ok(units)
}

/// Looks up products by ids and by SKUs (in lower case), in one statement. What does not exist is not in the answer.
pub fn load(conn: &mut PgConnection, organization: i64, ids: &[i64], skus: &[String]) -> QueryResult<Products> {
    let mut products = Products::default();
    if ids.is_empty() && skus.is_empty() {
        return Ok(products);
    }
    let mut sql = Sql::new();
    sql.raw(
        "SELECT p.id, p.sku, p.product_type = 'kit', u.unit_code, u.precision, (
            SELECT n.string FROM product_name n
            WHERE n.organization_id = p.organization_id AND n.product_id = p.id AND n.localization_id IS NULL
            ORDER BY n.id LIMIT 1)
        FROM product p
        LEFT JOIN product_unit_precision u ON u.organization_id = p.organization_id AND u.product_id = p.id
        WHERE p.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND (p.id = ANY(").bind(Value::Integers(ids.to_vec())).raw(")");
    if !skus.is_empty() {
        sql.raw(" OR lower(p.sku) = ANY(").bind(Value::Texts(skus.to_vec())).raw(")");
    }
    sql.raw(")");
    sql.for_each(conn, |row| -> QueryResult<()> {
        let (Some(id), Some(sku)) = (row.integer(0)?, row.text(1)?) else { return Ok(()) };
        products.by_sku.insert(sku.to_lowercase(), id);
        let product = products.by_id.entry(id).or_default();
        product.sku = sku;
        product.is_kit = row.boolean(2)?.unwrap_or_default();
        if let (Some(unit), Some(precision)) = (row.text(3)?, row.get::<st::Integer, i32>(4)?) {
            product.units.insert(unit, precision);
        }
        product.name = row.text(5)?;
        Ok(())
    })?;
    Ok(products)
}
