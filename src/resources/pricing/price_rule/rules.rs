//! Rules can be read, use lists that exist, and lead to no circle; when they change, so do the prices.

use std::collections::BTreeSet;

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::price_rule::{Expression, Type, rules};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{self, Error, Errors};
use crate::resources::pricing::following::{self, integers};
use crate::resources::pricing::product_price::rules::{currencies, range_error};

pub struct PriceRuleRules;

/// The expressions, and what each has to be.
const EXPRESSIONS: &[(&str, Type)] = &[
    ("rule", Type::Number),
    ("ruleCondition", Type::Boolean),
    ("currencyExpression", Type::Text),
    ("quantityExpression", Type::Number),
    ("productUnitExpression", Type::Text),
];

impl Rules for PriceRuleRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let currencies = currencies(batch, nodes)?;
        let mut errors = Vec::new();
        // The place of each list that is named: the node and the attribute.
        let mut named: Vec<(i64, usize, &'static str)> = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            errors.extend(missing(node));
            errors.extend(range_error(node, "quantity"));
            errors.extend(too_many_lists(node));
            let list = node.effective_one("priceList").and_then(integer);
            if let (Some(allowed), Some(Value::Text(code))) =
                (list.and_then(|list| currencies.get(&list)), node.value("currency"))
                && !allowed.contains(code)
            {
                let detail = format!("The currency \"{code}\" is none of the price list's.");
                errors.push(node.at_attribute("currency", Error::new(&error::PRICE_CURRENCY, detail)));
            }
            for (attribute, expected) in EXPRESSIONS {
                let Some(text) = node.value(attribute).and_then(Value::as_text) else { continue };
                match Expression::parse(text, *expected) {
                    Ok(expression) => {
                        let lists: BTreeSet<i64> = expression.prices().into_iter().map(|(list, _)| list).collect();
                        named.extend(lists.into_iter().map(|list| (list, *index, *attribute)));
                    }
                    Err(fault) => errors.push(node.at_attribute(attribute, expression_error(fault.to_string()))),
                }
            }
        }
        errors.extend(unknown_lists(batch, &named)?);
        Errors::check(errors)
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let written = |node: &&Node| node.creates || !node.changed.is_empty();
        let nodes: Vec<usize> = nodes.iter().copied().filter(|index| written(&batch.node(*index))).collect();
        if nodes.is_empty() {
            return Ok(());
        }
        let organization = batch.organization();
        rules::hold_alone(batch.conn, organization)?;
        let graph = rules::load(batch.conn, organization)?;
        let mut errors = Vec::new();
        for node in nodes.iter().map(|index| batch.node(*index)) {
            let Some(way) = node.effective_one("priceList").and_then(integer).and_then(|list| graph.cycle(list)) else {
                continue;
            };
            let way: Vec<String> = way.iter().map(i64::to_string).collect();
            let detail = format!("The price list would follow from itself: {}.", way.join(" from "));
            errors.push(node.at_attribute("rule", expression_error(detail)));
        }
        Errors::check(errors)?;
        let lists = integers(nodes.iter().filter_map(|index| batch.node(*index).effective_one("priceList")));
        following::lists_follow(batch, &graph, &lists, None)?;
        Ok(())
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, _keys: &[Key]) -> Result<(), Error> {
        Ok(rules::hold_alone(conn, caller.organization)?)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], parents: &[Key]) -> Result<(), Errors> {
        following::lists_changed(batch, &integers(parents), None)?;
        Ok(())
    }
}

fn expression_error(detail: String) -> Error {
    Error::new(&error::EXPRESSION, detail)
}

fn integer(key: &Key) -> Option<i64> {
    if let Key::Integer(id) = key { Some(*id) } else { None }
}

/// How many lists a rule may use: their prices of one product are combined, each with each.
const LISTS: usize = 3;

/// The error for a rule whose expressions, with those that are stored, name too many lists.
fn too_many_lists(node: &Node) -> Option<Error> {
    let parsed = EXPRESSIONS
        .iter()
        .filter_map(|(attribute, expected)| Expression::parse(node.effective(attribute).as_text()?, *expected).ok());
    let lists: BTreeSet<i64> = parsed.flat_map(|expression| expression.prices()).map(|(list, _)| list).collect();
    let detail = format!("A rule may use the prices of {LISTS} price lists. This one uses those of {}.", lists.len());
    (lists.len() > LISTS).then(|| node.at_attribute("rule", expression_error(detail)))
}

/// Quantity, currency and unit each need a constant or an expression.
fn missing(node: &Node) -> Vec<Error> {
    let absent = |constant: bool, expression: &str| !constant && node.effective(expression).is_null();
    let error = |constant: &str, expression: &str| {
        let detail = format!("One of \"{constant}\" and \"{expression}\" is required.");
        node.at_member(constant, Error::new(&error::NOT_BLANK, detail))
    };
    let mut errors = Vec::new();
    for (constant, expression) in [("currency", "currencyExpression"), ("quantity", "quantityExpression")] {
        if absent(!node.effective(constant).is_null(), expression) {
            errors.push(error(constant, expression));
        }
    }
    if absent(node.effective_one("productUnit").is_some(), "productUnitExpression") {
        errors.push(error("productUnit", "productUnitExpression"));
    }
    errors
}

/// An error for each list that is named and that the organization does not have.
fn unknown_lists(batch: &mut Batch<'_>, named: &[(i64, usize, &'static str)]) -> Result<Vec<Error>, Errors> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM price_list WHERE organization_id = ").bind(Value::Integer(batch.organization()));
    sql.raw(" AND id = ANY(").bind(Value::Integers(named.iter().map(|(list, ..)| *list).collect())).raw(")");
    let known = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    let unknown = named.iter().filter(|(list, ..)| !known.contains(&Some(*list)));
    Ok(unknown
        .map(|(list, index, attribute)| {
            let detail = format!("The price list {list} does not exist.");
            batch.node(*index).at_attribute(attribute, expression_error(detail))
        })
        .collect())
}
