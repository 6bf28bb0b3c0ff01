//! Predicates as SQL.
//!
//! Input: a [`Predicate`], the resource and the table alias it speaks of, the caller. Output: text and binds at the end
//! of a [`Sql`]. Conditions on own columns keep the form `column = $1` and `column = ANY($1)`, so that indexes serve
//! them; conditions on other tables are EXISTS, never a join that could multiply rows.

mod comparison;
mod link;

use comparison::Expression;

use super::Sql;
use crate::acl::{self, Caller, Permission};
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{Ident, Resource};
use crate::engine::value::Value;

/// The organization's column in join tables.
pub const JOIN_TENANT: Ident = Ident::new("organization_id");

/// Writes conditions for one caller, and hands out table aliases. The statement's main table is `t0`.
pub struct Conditions<'c> {
    pub caller: &'c Caller,
    next: usize,
}

impl<'c> Conditions<'c> {
    pub fn new(caller: &'c Caller) -> Conditions<'c> {
        Conditions { caller, next: 1 }
    }

    /// An alias that the statement does not use yet.
    pub fn fresh(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// `t0."organization_id" = $1`, or TRUE for a table shared by all organizations.
    pub fn tenant(&mut self, sql: &mut Sql, resource: &Resource, alias: usize) {
        match resource.tenant {
            Some(tenant) => {
                sql.column(alias, tenant).raw(" = ").bind(Value::Integer(self.caller.organization));
            }
            None => {
                sql.raw("TRUE");
            }
        }
    }

    /// The rows of the caller's organization that the caller has the permission for.
    pub fn allowed(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize, permission: Permission) {
        self.tenant(sql, resource, alias);
        self.and_allowed(sql, resource, alias, permission);
    }

    /// The rows of the caller's organization that the caller may view.
    pub fn viewable(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize) {
        self.allowed(sql, resource, alias, Permission::View);
    }

    fn and_allowed(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize, permission: Permission) {
        let scope = acl::scope(resource, permission, self.caller).unwrap_or(Predicate::False);
        self.and(sql, resource, alias, &scope);
    }

    /// ` AND …`, or nothing where the condition always holds.
    pub fn and(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize, predicate: &Predicate) {
        if *predicate != Predicate::True {
            sql.raw(" AND ");
            self.condition(sql, resource, alias, predicate);
        }
    }

    /// The condition on the row of `resource` in table `alias`.
    pub fn condition(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize, predicate: &Predicate) {
        match predicate {
            Predicate::True => {
                sql.raw("TRUE");
            }
            Predicate::False => {
                sql.raw("FALSE");
            }
            Predicate::All(parts) => self.join(sql, resource, alias, parts, " AND "),
            Predicate::Any(parts) => self.join(sql, resource, alias, parts, " OR "),
            Predicate::Not(inner) => match **inner {
                // An EXISTS is never unknown, and only a plain NOT EXISTS becomes an anti-join.
                Predicate::Related { relation, .. } if !matches!(relation.link, Link::ToOne { .. }) => {
                    sql.raw("NOT ");
                    self.condition(sql, resource, alias, inner);
                }
                _ => {
                    sql.raw("(");
                    self.condition(sql, resource, alias, inner);
                    sql.raw(") IS NOT TRUE");
                }
            },
            Predicate::Test(operand, test) => self.test(sql, resource, alias, operand, test),
            Predicate::Related { relation, target, inner, scoped } => {
                self.related(sql, (resource, alias), relation, target, inner, *scoped);
            }
            Predicate::Beyond { columns, values, less } => {
                sql.raw("(");
                for (index, column) in columns.iter().enumerate() {
                    sql.raw(if index > 0 { ", " } else { "" }).column(alias, *column);
                }
                sql.raw(if *less { ") < (" } else { ") > (" });
                for (index, value) in values.iter().enumerate() {
                    sql.raw(if index > 0 { ", " } else { "" }).bind(value.clone());
                }
                sql.raw(")");
            }
            Predicate::LinkedFrom { owner, relation, key } => {
                self.linked_from(sql, (resource, alias), owner, relation, key);
            }
        }
    }

    fn join(
        &mut self,
        sql: &mut Sql,
        resource: &'static Resource,
        alias: usize,
        parts: &[Predicate],
        word: &'static str,
    ) {
        sql.raw("(");
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                sql.raw(word);
            }
            self.condition(sql, resource, alias, part);
        }
        sql.raw(")");
    }

    fn test(&mut self, sql: &mut Sql, resource: &'static Resource, alias: usize, operand: &Operand, test: &Test) {
        match operand {
            Operand::Id => self.compare(sql, Expression::Column(alias, resource.id.column), test),
            Operand::Column(column) => self.compare(sql, Expression::Column(alias, *column), test),
            Operand::Folded(column) => self.compare(sql, Expression::Lower(alias, *column), test),
            Operand::ToOne(relation) => self.foreign_key(sql, resource, alias, relation, test),
            Operand::JsonMember { column, member } => {
                let element = self.fresh();
                sql.raw("EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(");
                sql.column(alias, *column).raw(") WHEN 'array' THEN ").column(alias, *column);
                sql.raw(" ELSE '[]' END) AS ").alias(element).raw("(e) WHERE ");
                self.compare(sql, Expression::Member(element, member), test);
                sql.raw(")");
            }
        }
    }

    /// A test on a foreign key. When not every target is viewable, a hidden one counts as none.
    fn foreign_key(
        &mut self,
        sql: &mut Sql,
        resource: &'static Resource,
        alias: usize,
        relation: &'static Relation,
        test: &Test,
    ) {
        let Link::ToOne { column, .. } = relation.link else {
            sql.raw("FALSE");
            return;
        };
        if relation.target.id.is_external() {
            let inner = match test {
                Test::Null | Test::NotNull => Predicate::True,
                other => Predicate::Test(Operand::Id, other.clone()),
            };
            sql.raw(if *test == Test::Null { "NOT " } else { "" });
            self.related(sql, (resource, alias), relation, relation.target, &inner, true);
            return;
        }
        let key = Expression::Column(alias, column);
        let scope = acl::scope(relation.target, Permission::View, self.caller);
        match scope {
            Some(Predicate::True) => self.compare(sql, key, test),
            _ => {
                let absent = *test == Test::Null;
                sql.raw("(");
                self.compare(sql, key, test);
                sql.raw(if absent { " OR NOT " } else { " AND " });
                self.related(sql, (resource, alias), relation, relation.target, &Predicate::True, true);
                sql.raw(")");
            }
        }
    }
}
