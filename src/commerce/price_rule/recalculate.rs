//! The prices that follow from rules, made again: input, price lists that changed, or products; output, the stored
//! prices of these lists and of those that follow from them.
//!
//! One statement a list, whatever the number of products, lists before those that use them. A price keeps its id while
//! its product, unit, quantity and currency stay. The statement tells what it made and changed, and what is to be removed:
//! that is done by whoever asked, as is the telling of all changes.
//!
//! A list's products are those that its assignment rule is true for, and those with a price that was given by hand.
//! For one product, unit, quantity and currency a price given by hand stands before those of rules, a rule of smaller
//! priority before one of greater, and of several prices of one rule the smallest counts. Prices below zero, without a
//! value, of a value or from a quantity of a quadrillion or more, in a currency that is not the list's or a unit that is
//! not the product's are not made.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types as st;
use uuid::Uuid;

use super::names::PriceMember;
use super::rules::{Graph, List, Rule};
use super::translate::{Aliases, write};
use super::{Expression, rules};
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// What has become of the prices of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recalculated {
    pub added: Vec<Uuid>,
    /// Those that have another value.
    pub changed: Vec<Uuid>,
    /// Those that do not follow from a rule any more. They are still there, and are to be removed before the next list.
    pub obsolete: Vec<Uuid>,
}

/// The lists to recalculate when these have changed, each before those that follow from it. They stay locked.
pub fn following(conn: &mut PgConnection, organization: i64, graph: &Graph, changed: &[i64]) -> QueryResult<Vec<i64>> {
    let order = graph.following(changed);
    if !order.is_empty() {
        rules::lock(conn, organization, &order)?;
    }
    Ok(order)
}

/// Makes the prices by rule of one list again. `products`: only of these.
pub fn list(
    conn: &mut PgConnection,
    organization: i64,
    graph: &Graph,
    id: i64,
    products: Option<&[i64]>,
) -> QueryResult<Recalculated> {
    let mut outcome = Recalculated::default();
    let Some(list) = graph.lists.get(&id) else { return Ok(outcome) };
    // Prices are often written in great numbers and changed at once after, before Postgres has counted them. It then
    // believes in empty tables and loops over loops, for minutes; each table read once is never bad.
    plan_plainly(conn, true)?;
    statement(organization, id, list, products).for_each(conn, |row| -> QueryResult<()> {
        let Some(price) = row.get::<st::Uuid, Uuid>(1)? else { return Ok(()) };
        match row.integer(0)? {
            Some(ADDED) => outcome.added.push(price),
            Some(CHANGED) => outcome.changed.push(price),
            _ => outcome.obsolete.push(price),
        }
        Ok(())
    })?;
    plan_plainly(conn, false)?;
    Ok(outcome)
}

/// How the statement marks its rows; any other mark: obsolete.
const ADDED: i64 = 1;
const CHANGED: i64 = 2;

/// Whether the planner keeps from nested loops until the end of the transaction.
fn plan_plainly(conn: &mut PgConnection, plainly: bool) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(if plainly { "SET LOCAL enable_nestloop TO off" } else { "SET LOCAL enable_nestloop TO DEFAULT" });
    sql.execute(conn).map(drop)
}

/// ` AND <column> = ANY(…)`, for every table that is read, since the planner does not carry it over.
fn only(sql: &mut Sql, column: &'static str, products: Option<&[i64]>) {
    if let Some(products) = products {
        sql.raw(" AND ").raw(column).raw(" = ANY(").bind(Value::Integers(products.to_vec())).raw(")");
    }
}

/// The statement that brings the prices of one list to what its rules say.
fn statement(organization: i64, id: i64, list: &List, products: Option<&[i64]>) -> Sql {
    let tenant = || Value::Integer(organization);
    let mut sql = Sql::new();
    sql.uncached();
    sql.raw("WITH candidate (product_id, unit_code, quantity, currency, value, rule_id, place) AS (");
    for (place, rule) in list.rules.iter().enumerate() {
        sql.raw(if place == 0 { "" } else { " UNION ALL " });
        candidates(&mut sql, organization, id, list, (place, rule), products);
    }
    sql.raw(
        "), wanted AS (
            SELECT DISTINCT ON (c.product_id, c.unit_code, c.quantity, c.currency) c.*
            FROM candidate c
            JOIN price_list l ON l.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND l.id = ").bind(Value::Integer(id));
    sql.raw(
        " AND l.currencies ? c.currency
            JOIN product_unit_precision u ON u.organization_id = l.organization_id AND u.product_id = c.product_id
                AND u.unit_code = c.unit_code",
    );
    only(&mut sql, "u.product_id", products);
    sql.raw(
        "
            WHERE c.value >= 0 AND c.value < 1000000000000000
                AND c.quantity >= 0 AND c.quantity < 1000000000000000
            ORDER BY c.product_id, c.unit_code, c.quantity, c.currency, c.place, c.value
        ), present AS (
            SELECT p.* FROM product_price p WHERE p.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND p.price_list_id = ").bind(Value::Integer(id));
    only(&mut sql, "p.product_id", products);
    sql.raw(
        "), difference AS (
            SELECT o.id, o.price_rule_id AS old_rule_id, o.value AS old_value, w.*
            FROM present o
            FULL JOIN wanted w ON w.product_id = o.product_id AND w.unit_code = o.unit_code
                AND w.quantity = o.quantity AND w.currency = o.currency
        ), changed AS (
            UPDATE product_price p SET value = d.value, price_rule_id = d.rule_id
            FROM difference d
            WHERE p.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND p.price_list_id = ").bind(Value::Integer(id));
    only(&mut sql, "p.product_id", products);
    sql.raw(
        " AND p.id = d.id AND d.old_rule_id IS NOT NULL AND d.product_id IS NOT NULL
                AND (d.old_value, d.old_rule_id) IS DISTINCT FROM (d.value, d.rule_id)
            RETURNING p.id, d.old_value <> d.value AS differs
        ), added AS (
            INSERT INTO product_price
                (organization_id, price_list_id, product_id, unit_code, quantity, currency, value, price_rule_id)
            SELECT ",
    );
    sql.bind(tenant()).raw(", ").bind(Value::Integer(id));
    sql.raw(
        ", d.product_id, d.unit_code, d.quantity, d.currency, d.value, d.rule_id
            FROM difference d
            WHERE d.id IS NULL
            ON CONFLICT (organization_id, price_list_id, product_id, unit_code, quantity, currency) DO NOTHING
            RETURNING id
        )
        SELECT 0::bigint, id FROM difference WHERE old_rule_id IS NOT NULL AND product_id IS NULL
        UNION ALL SELECT ",
    );
    sql.bind(Value::Integer(ADDED)).raw("::bigint, id FROM added UNION ALL SELECT ");
    sql.bind(Value::Integer(CHANGED)).raw("::bigint, id FROM changed WHERE differs");
    sql
}

/// The prices that one rule gives.
fn candidates(
    sql: &mut Sql,
    organization: i64,
    id: i64,
    list: &List,
    (place, rule): (usize, &Rule),
    products: Option<&[i64]>,
) {
    let tenant = || Value::Integer(organization);
    let named: BTreeSet<(i64, PriceMember)> = rule.prices();
    let mut aliases = Aliases::new(named.iter().map(|(list, _)| *list).collect::<BTreeSet<i64>>());
    sql.raw("SELECT t0.id, ");
    write(sql, &mut aliases, &rule.unit);
    sql.raw("::text, round((");
    write(sql, &mut aliases, &rule.quantity);
    // Fifteen digits before the point and twelve behind it are what a decimal number holds for sure.
    sql.raw(")::numeric, 12), ");
    write(sql, &mut aliases, &rule.currency);
    sql.raw("::text, round((");
    write(sql, &mut aliases, &rule.value);
    sql.raw(")::numeric, 4), ").bind(Value::Integer(rule.id)).raw("::bigint, ").number(place);
    sql.raw(" FROM product AS t0");
    let lists: Vec<(i64, usize)> = aliases.lists().collect();
    for (source, alias) in &lists {
        sql.raw(" JOIN product_price AS ").alias(*alias).raw(" ON ").alias(*alias);
        sql.raw(".organization_id = t0.organization_id AND ").alias(*alias).raw(".product_id = t0.id AND ");
        sql.alias(*alias).raw(".price_list_id = ").bind(Value::Integer(*source));
        if let Some(products) = products {
            sql.raw(" AND ").alias(*alias).raw(".product_id = ANY(").bind(Value::Integers(products.to_vec())).raw(")");
        }
    }
    sql.raw(" WHERE t0.organization_id = ").bind(tenant());
    only(sql, "t0.id", products);
    // Where the rule does not speak of a member of a list's prices, it is that of the price that is made.
    let fixed: BTreeMap<PriceMember, &Expression> = BTreeMap::from([
        (PriceMember::Unit, &rule.unit),
        (PriceMember::Quantity, &rule.quantity),
        (PriceMember::Currency, &rule.currency),
    ]);
    for (source, alias) in &lists {
        for (member, expression) in &fixed {
            if !named.contains(&(*source, *member)) {
                sql.raw(" AND ").column(*alias, member.column()).raw(" = ");
                write(sql, &mut aliases, expression);
            }
        }
    }
    if let Some(condition) = &rule.condition {
        sql.raw(" AND ");
        write(sql, &mut aliases, condition);
    }
    sql.raw(" AND (t0.id IN (SELECT m.product_id FROM product_price m WHERE m.organization_id = ").bind(tenant());
    sql.raw(" AND m.price_rule_id IS NULL AND m.price_list_id = ").bind(Value::Integer(id));
    only(sql, "m.product_id", products);
    sql.raw(")");
    if let Some(assignment) = &list.assignment {
        sql.raw(" OR ");
        write(sql, &mut aliases, assignment);
    }
    sql.raw(")");
}
