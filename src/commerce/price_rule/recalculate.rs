//! The prices that follow from rules, made again: input, price lists that changed, or products; output, the stored
//! prices of these lists and of those that follow from them.
//!
//! One statement a list, whatever the number of products, lists before those that use them. A price keeps its id while
//! its product, unit, quantity and currency stay, and each price that is made, changed or removed leaves a change row.
//!
//! A list's products are those that its assignment rule is true for, and those with a price that was given by hand.
//! For one product, unit, quantity and currency a price given by hand stands before those of rules, a rule of smaller
//! priority before one of greater, and of several prices of one rule the smallest counts. Prices below zero, without a
//! value, of a value or from a quantity of a quadrillion or more, in a currency that is not the list's or a unit that is
//! not the product's are not made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::names::PriceMember;
use super::rules::{Graph, List, Rule};
use super::translate::{Aliases, write};
use super::{Expression, rules};
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// Who makes the change, and when: for the change rows.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    pub organization: i64,
    pub user: Option<i64>,
    pub customer_user: Option<i64>,
    /// The OAuth client's identifier.
    pub client: &'a str,
    pub now: DateTime<Utc>,
}

/// After the assignment, the currencies or the prices of these lists changed: their prices by rule, and those of all
/// lists that follow from them. `products`: only of these.
pub fn lists(
    conn: &mut PgConnection,
    author: Author<'_>,
    changed: &[i64],
    products: Option<&[i64]>,
) -> QueryResult<()> {
    rules::hold(conn, author.organization)?;
    let graph = rules::load(conn, author.organization)?;
    of(conn, author, &graph, changed, products)
}

/// After these products changed: their prices in every list with rules.
pub fn products(conn: &mut PgConnection, author: Author<'_>, products: &[i64]) -> QueryResult<()> {
    rules::hold(conn, author.organization)?;
    let graph = rules::load(conn, author.organization)?;
    let all: Vec<i64> = graph.lists.keys().copied().collect();
    of(conn, author, &graph, &all, Some(products))
}

/// The same with rules that were read already, and are held.
pub fn of(
    conn: &mut PgConnection,
    author: Author<'_>,
    graph: &Graph,
    changed: &[i64],
    products: Option<&[i64]>,
) -> QueryResult<()> {
    let order = graph.following(changed);
    if order.is_empty() {
        return Ok(());
    }
    rules::lock(conn, author.organization, &order)?;
    // Prices are often written in great numbers and changed at once after, before Postgres has counted them. It then
    // believes in empty tables and loops over loops, for minutes; each table read once is never bad.
    plan_plainly(conn, true)?;
    for id in order {
        if let Some(list) = graph.lists.get(&id) {
            statement(author, id, list, products).execute(conn)?;
        }
    }
    plan_plainly(conn, false)
}

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
fn statement(author: Author<'_>, id: i64, list: &List, products: Option<&[i64]>) -> Sql {
    let tenant = || Value::Integer(author.organization);
    let mut sql = Sql::new();
    sql.uncached();
    sql.raw("WITH candidate (product_id, unit_code, quantity, currency, value, rule_id, place) AS (");
    for (place, rule) in list.rules.iter().enumerate() {
        sql.raw(if place == 0 { "" } else { " UNION ALL " });
        candidates(&mut sql, author.organization, id, list, (place, rule), products);
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
        ), removed AS (
            DELETE FROM product_price p USING difference d
            WHERE p.organization_id = ",
    );
    sql.bind(tenant()).raw(" AND p.price_list_id = ").bind(Value::Integer(id));
    only(&mut sql, "p.product_id", products);
    sql.raw(
        " AND p.id = d.id AND d.old_rule_id IS NOT NULL AND d.product_id IS NULL
            RETURNING p.id
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
        INSERT INTO change (organization_id, resource, record_id, action, fields, user_id, customer_user_id, client, at)
        SELECT ",
    );
    sql.bind(tenant())
        .raw(", 'productprices', n.id::text || '-' || ")
        .bind(Value::Integer(id))
        .raw("::text, n.action, ");
    sql.raw("n.fields::jsonb, ").bind(Value::from(author.user)).raw(", ");
    sql.bind(Value::from(author.customer_user)).raw(", ");
    sql.bind(Value::Text(author.client.to_owned())).raw(", ").bind(Value::DateTime(author.now));
    sql.raw(
        " FROM (
            SELECT id, 'deleted' AS action, '[]' AS fields FROM removed
            UNION ALL SELECT id, 'updated', '[\"value\"]' FROM changed WHERE differs
            UNION ALL SELECT id, 'created', '[\"currency\", \"quantity\", \"value\"]' FROM added
        ) n",
    );
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
