//! One value compared with others: `column = $1`, `lower(column) LIKE lower($1)`, `column = ANY($1)`.

use super::{Conditions, JOIN_TENANT};
use crate::engine::predicate::Test;
use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// The left side of a comparison, in a table of the statement.
#[derive(Clone, Copy)]
pub(super) enum Expression {
    Column(usize, Ident),
    /// `lower(column)`; the right side is lowered as well.
    Lower(usize, Ident),
    /// The text of a member of the object in column `e`.
    Member(usize, &'static str),
}

impl Expression {
    fn write(self, sql: &mut Sql) {
        match self {
            Expression::Column(alias, column) => sql.column(alias, column),
            Expression::Lower(alias, column) => sql.raw("lower(").column(alias, column).raw(")"),
            Expression::Member(alias, member) => {
                sql.raw("(").alias(alias).raw(".e->>").bind(Value::Text(member.to_owned())).raw(")")
            }
        };
    }
}

impl Conditions<'_> {
    /// The test of a column of table `alias`.
    pub fn test_column(&mut self, sql: &mut Sql, alias: usize, column: Ident, test: &Test) {
        self.compare(sql, Expression::Column(alias, column), test);
    }

    pub(super) fn compare(&mut self, sql: &mut Sql, operand: Expression, test: &Test) {
        let folded = matches!(operand, Expression::Lower(..));
        let mut binary = |operator: &'static str, value: &Value| {
            operand.write(sql);
            sql.raw(operator);
            if folded {
                sql.raw("lower(").bind(value.clone()).raw(")");
            } else {
                sql.bind(value.clone());
            }
        };
        match test {
            Test::Eq(value) => binary(" = ", value),
            Test::Ne(value) => binary(" <> ", value),
            Test::Gt(value) => binary(" > ", value),
            Test::Gte(value) => binary(" >= ", value),
            Test::Lt(value) => binary(" < ", value),
            Test::Lte(value) => binary(" <= ", value),
            Test::Like(pattern) => binary(" LIKE ", &Value::Text(pattern.clone())),
            Test::NotLike(pattern) => binary(" NOT LIKE ", &Value::Text(pattern.clone())),
            Test::In(values) | Test::NotIn(values) => {
                operand.write(sql);
                sql.raw(if matches!(test, Test::In(_)) { " = ANY(" } else { " <> ALL(" });
                if folded {
                    sql.raw("ARRAY(SELECT lower(v) FROM unnest(").bind(values.clone()).raw(") AS u(v))");
                } else {
                    sql.bind(values.clone());
                }
                sql.raw(")");
            }
            Test::Null => {
                operand.write(sql);
                sql.raw(" IS NULL");
            }
            Test::NotNull => {
                operand.write(sql);
                sql.raw(" IS NOT NULL");
            }
            Test::EmptyJson => {
                operand.write(sql);
                sql.raw(" IN ('[]'::jsonb, '{}'::jsonb)");
            }
            Test::Among { table, pick, by, values, also } => {
                let inner = self.fresh();
                operand.write(sql);
                sql.raw(" = ANY(ARRAY(SELECT ")
                    .column(inner, *pick)
                    .raw(" FROM ")
                    .ident(*table)
                    .raw(" AS ")
                    .alias(inner);
                sql.raw(" WHERE ").column(inner, JOIN_TENANT).raw(" = ").bind(Value::Integer(self.caller.organization));
                sql.raw(" AND ").column(inner, *by).raw(" = ANY(").bind(Value::Integers(values.clone()));
                sql.raw(") UNION ALL SELECT ").bind(Value::Integer(*also)).raw("))");
            }
        }
    }
}
