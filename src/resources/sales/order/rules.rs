//! An order's identifier, currency, statuses and customer; after the write, its totals.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Target};
use crate::error::{self, Error, Errors};
use crate::resources::sales::pricing;
use crate::resources::system::USER;

pub struct OrderRules;

/// The configuration's switch that makes `status` writable.
const EXTERNAL_STATUS: &str = "orders.external_status_management";

impl Rules for OrderRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let external_status = batch.context.switches.contains(EXTERNAL_STATUS);
        for index in nodes {
            if !external_status {
                batch.node_mut(*index).links.remove("status");
            }
            if batch.node(*index).creates {
                fill_currency(batch, *index);
                fill_creator(batch, *index);
            }
        }
        fill_identifiers(batch, nodes)?;
        let mut errors = Vec::new();
        check_customer_users(batch, nodes, &mut errors)?;
        for parts in ["lineItems", "discounts"] {
            pricing::check_parts_stay(batch, nodes, parts, &mut errors)?;
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        pricing::finish(batch, nodes)
    }
}

/// The currency of the first line item, where the order has none.
fn fill_currency(batch: &mut Batch<'_>, index: usize) {
    if batch.node(index).value("currency").is_some_and(|currency| !currency.is_null()) {
        return;
    }
    let lines = batch.node(index).many("lineItems").unwrap_or_default();
    let currency =
        lines.iter().find_map(|line| batch.node(line.node?).value("currency").filter(|value| !value.is_null()));
    if let Some(currency) = currency.cloned() {
        batch.node_mut(index).set("currency", currency);
    }
}

/// The calling user, where nobody else is named.
fn fill_creator(batch: &mut Batch<'_>, index: usize) {
    let Some(user) = batch.context.caller.user() else { return };
    let creator = Target { resource: &USER, key: Key::Integer(user.id), node: None };
    let node = batch.node_mut(index);
    if node.one("createdBy").flatten().is_none() {
        node.link("createdBy", Some(creator));
    }
}

/// The id, where no identifier is sent; with a suffix where somebody has taken it by name.
fn fill_identifiers(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let needed: Vec<(usize, String)> = nodes
        .iter()
        .map(|index| (*index, batch.node(*index)))
        .filter(|(_, node)| match node.value("identifier") {
            Some(identifier) => identifier.is_null(),
            None => node.creates,
        })
        .map(|(index, node)| (index, node.key.to_string()))
        .collect();
    if needed.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = needed.iter().map(|(_, id)| id.clone()).collect();
    let organization = batch.context.caller.organization;
    let mut taken = taken(batch.conn, organization, &ids, " AND o.identifier = n.id")?;
    if !taken.is_empty() {
        let followers = " AND o.identifier >= n.id || '-' AND o.identifier < n.id || '.'";
        taken.extend(self::taken(batch.conn, organization, &ids, followers)?);
    }
    for (index, id) in needed {
        let names = (1..).map(|n| if n == 1 { id.clone() } else { format!("{id}-{n}") });
        let free = names.into_iter().find(|name| !taken.contains(name));
        batch.node_mut(index).set("identifier", Value::Text(free.unwrap_or(id)));
    }
    Ok(())
}

/// Identifiers in use that stand in a relation to one of the ids, `n.id`.
fn taken(
    conn: &mut PgConnection,
    organization: i64,
    ids: &[String],
    relation: &'static str,
) -> Result<HashSet<String>, Errors> {
    let mut sql = Sql::new();
    sql.raw("SELECT o.identifier FROM unnest(").bind(Value::Texts(ids.to_vec())).raw(") AS n (id) JOIN sales_order o");
    sql.raw(" ON o.organization_id = ").bind(Value::Integer(organization)).raw(relation);
    let rows: Vec<Option<String>> = sql.collect(conn, |row| -> Result<_, Errors> { Ok(row.text(0)?) })?;
    Ok(rows.into_iter().flatten().collect())
}

/// A customer user belongs to the order's customer.
fn check_customer_users(batch: &mut Batch<'_>, nodes: &[usize], errors: &mut Vec<Error>) -> Result<(), Errors> {
    let mut users = Vec::new();
    for index in nodes {
        let node = batch.node(*index);
        let sent = node.links.contains_key("customerUser") || node.links.contains_key("customer");
        // A customer user of the same request has its customer beside it.
        let written = node.one("customerUser").flatten().is_some_and(|user| user.node.is_some());
        if let (true, false, Some(Key::Integer(user))) = (sent, written, node.effective_one("customerUser")) {
            users.push((*index, *user));
        }
    }
    if users.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT id, customer_id FROM customer_user WHERE organization_id = ");
    sql.bind(Value::Integer(batch.organization())).raw(" AND id = ANY(");
    sql.bind(Value::Integers(users.iter().map(|(_, user)| *user).collect())).raw(")");
    let customers: Vec<(Option<i64>, Option<i64>)> =
        sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok((row.integer(0)?, row.integer(1)?)) })?;
    let customers: HashMap<Option<i64>, Option<i64>> = customers.into_iter().collect();
    for (index, user) in users {
        let node = batch.node(index);
        let customer = customers.get(&Some(user)).copied().flatten();
        if node.effective_one("customer").is_some_and(|key| customer.map(Key::Integer).as_ref() != Some(key)) {
            let error = Error::new(&error::CUSTOMER_OWNER, "The customer user does not belong to the customer.");
            errors.push(node.at_relation("customerUser", error));
        }
    }
    Ok(())
}
