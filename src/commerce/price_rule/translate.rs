//! An expression as SQL. Literals are bound; names are identifiers of the source code.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::expression::{Expression, Node, Operator};
use super::names::ProductColumn;
use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// The table aliases of a statement: the product is `t0`, and each price list has one.
pub struct Aliases {
    lists: BTreeMap<i64, usize>,
    next: usize,
}

impl Aliases {
    /// Aliases for the prices of these lists.
    pub fn new(lists: impl IntoIterator<Item = i64>) -> Aliases {
        let lists: BTreeMap<i64, usize> = lists.into_iter().zip(1..).collect();
        let next = lists.len() + 1;
        Aliases { lists, next }
    }

    /// Each list with the alias of its prices.
    pub fn lists(&self) -> impl Iterator<Item = (i64, usize)> {
        self.lists.iter().map(|(list, alias)| (*list, *alias))
    }

    fn fresh(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}

/// Appends the expression, in parentheses where it needs them.
pub fn write(sql: &mut Sql, aliases: &mut Aliases, expression: &Expression) {
    node(sql, aliases, &expression.0);
}

fn node(sql: &mut Sql, aliases: &mut Aliases, tree: &Node) {
    match tree {
        Node::Number(number) => {
            sql.bind(number_value(*number));
        }
        Node::Text(text) => {
            sql.bind(Value::Text(text.clone()));
        }
        Node::Boolean(flag) => {
            sql.bind(Value::Boolean(*flag));
        }
        Node::Null => {
            sql.raw("NULL");
        }
        Node::Product(name) => match &name.column {
            ProductColumn::Own(column) => {
                sql.column(0, *column);
            }
            ProductColumn::PrimaryUnit => {
                let alias = aliases.fresh();
                sql.raw("(SELECT ").column(alias, Ident::new("unit_code")).raw(" FROM product_unit_precision AS ");
                sql.alias(alias).raw(" WHERE ").alias(alias).raw(".organization_id = t0.organization_id AND ");
                sql.alias(alias).raw(".id = t0.primary_unit_precision_id)");
            }
        },
        Node::Price(list, member) => match aliases.lists.get(list) {
            Some(alias) => {
                sql.column(*alias, member.column());
            }
            None => {
                sql.raw("NULL");
            }
        },
        Node::Not(inner) => {
            sql.raw("(NOT ");
            node(sql, aliases, inner);
            sql.raw(")");
        }
        Node::Negative(inner) => {
            sql.raw("(- ");
            numeric(sql, aliases, inner);
            sql.raw(")");
        }
        Node::Binary(operator, left, right) => binary(sql, aliases, *operator, left, right),
        Node::AmongNumbers { value, list, negated } => {
            among(sql, aliases, value, Value::Numerics(list.clone()), *negated);
        }
        Node::AmongTexts { value, list, negated } => among(sql, aliases, value, Value::Texts(list.clone()), *negated),
    }
}

/// A whole number is compared as one, so that an index on an id serves it.
fn number_value(number: Decimal) -> Value {
    match number.to_i64().filter(|_| number.is_integer()) {
        Some(whole) => Value::Integer(whole),
        None => Value::Numeric(number),
    }
}

/// A number for arithmetic, which `bigint` could not hold.
fn numeric(sql: &mut Sql, aliases: &mut Aliases, tree: &Node) {
    sql.raw("(");
    node(sql, aliases, tree);
    sql.raw(")::numeric");
}

fn among(sql: &mut Sql, aliases: &mut Aliases, value: &Node, list: Value, negated: bool) {
    sql.raw("(");
    node(sql, aliases, value);
    sql.raw(if negated { " <> ALL(" } else { " = ANY(" }).bind(list).raw("))");
}

fn binary(sql: &mut Sql, aliases: &mut Aliases, operator: Operator, left: &Node, right: &Node) {
    let null_test = match (left, right) {
        (other, Node::Null) | (Node::Null, other) => Some(other),
        _ => None,
    };
    if let (Some(other), Operator::Equal | Operator::Unequal) = (null_test, operator) {
        sql.raw("(");
        node(sql, aliases, other);
        sql.raw(if operator == Operator::Equal { " IS NULL)" } else { " IS NOT NULL)" });
        return;
    }
    let (word, arithmetic) = match operator {
        Operator::Or => (" OR ", false),
        Operator::And => (" AND ", false),
        Operator::Equal => (" = ", false),
        Operator::Unequal => (" <> ", false),
        Operator::Less => (" < ", false),
        Operator::LessOrEqual => (" <= ", false),
        Operator::Greater => (" > ", false),
        Operator::GreaterOrEqual => (" >= ", false),
        Operator::Matches => (" LIKE ", false),
        Operator::Plus => (" + ", true),
        Operator::Minus => (" - ", true),
        Operator::Times => (" * ", true),
        Operator::Divided => (" / ", true),
        Operator::Remainder => (" % ", true),
    };
    let side = if arithmetic { numeric } else { node };
    sql.raw("(");
    side(sql, aliases, left);
    sql.raw(word);
    if matches!(operator, Operator::Divided | Operator::Remainder) {
        sql.raw("NULLIF(");
        side(sql, aliases, right);
        sql.raw(", 0)");
    } else {
        side(sql, aliases, right);
    }
    // Without an escape sign no pattern is malformed.
    sql.raw(if operator == Operator::Matches { " ESCAPE '')" } else { ")" });
}
