//! Predicates as SQL.
//!
//! Input: a [`Predicate`], the resource and the table alias it speaks of, the caller. Output: text and binds at the end
//! of a [`Sql`]. Conditions on own columns keep the form `column = $1` and `column = ANY($1)`, so that indexes serve
//! them; conditions on other tables are EXISTS, never a join that could multiply rows.

use super::Sql;
use crate::acl::{self, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::kind::Storage;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Ident, Resource};
use crate::engine::value::Value;

/// The organization's column in join tables.
pub const JOIN_TENANT: Ident = Ident::new("organization_id");

/// The left side of a comparison, in a table of the statement.
#[derive(Clone, Copy)]
enum Expression {
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

    /// The test of a column of table `alias`.
    pub fn test_column(&mut self, sql: &mut Sql, alias: usize, column: Ident, test: &Test) {
        self.compare(sql, Expression::Column(alias, column), test);
    }

    fn compare(&mut self, sql: &mut Sql, operand: Expression, test: &Test) {
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

    /// `EXISTS (SELECT 1 FROM target …)`.
    pub fn related(
        &mut self,
        sql: &mut Sql,
        (owner, alias): (&'static Resource, usize),
        relation: &'static Relation,
        target: &'static Resource,
        inner: &Predicate,
        scoped: bool,
    ) {
        let relation = owner.branch(relation, target);
        let scope = if scoped {
            acl::scope(target, Permission::View, self.caller).unwrap_or(Predicate::False)
        } else {
            Predicate::True
        };
        if scope == Predicate::True && self.related_by_link_alone(sql, (owner, alias), relation, inner) {
            return;
        }
        sql.raw("EXISTS (SELECT 1 FROM ");
        let other = self.far_end(sql, (owner, alias), relation, target);
        self.and(sql, target, other, &scope);
        self.and(sql, target, other, inner);
        sql.raw(")");
    }

    /// A condition on the id alone needs only the foreign key or the join table: `true` when it was written so.
    fn related_by_link_alone(
        &mut self,
        sql: &mut Sql,
        (owner, alias): (&'static Resource, usize),
        relation: &'static Relation,
        inner: &Predicate,
    ) -> bool {
        let test = match inner {
            Predicate::True => &Test::NotNull,
            Predicate::Test(Operand::Id, test) if !relation.target.id.is_external() => test,
            _ => return false,
        };
        match relation.link {
            Link::ToOne { column, .. } => {
                self.compare(sql, Expression::Column(alias, column), test);
                true
            }
            Link::Through { table, own, target, slot } => {
                sql.raw("EXISTS (SELECT 1 FROM ");
                let join = self.fresh();
                sql.ident(table).raw(" AS ").alias(join).raw(" WHERE ");
                self.join_table(sql, (owner, alias), (relation.target, join), own, slot);
                sql.raw(" AND ");
                self.compare(sql, Expression::Column(join, target), test);
                sql.raw(")");
                true
            }
            Link::ToMany { .. } | Link::Polymorphic { .. } | Link::Union { .. } => false,
        }
    }

    /// `target AS t1 WHERE …`, after FROM: the records at the far end of the relationship of row `alias`, in the same
    /// organization. Rights are not applied. Returns the target's alias.
    pub fn far_end(
        &mut self,
        sql: &mut Sql,
        (owner, alias): (&'static Resource, usize),
        relation: &'static Relation,
        target: &'static Resource,
    ) -> usize {
        let other = self.fresh();
        sql.ident(target.table).raw(" AS ").alias(other);
        match owner.branch(relation, target).link {
            Link::ToOne { column, .. } => {
                sql.raw(" WHERE ");
                self.same_tenant(sql, (owner, alias), (target, other));
                sql.column(other, target.id.referenced).raw(" = ").column(alias, column);
            }
            Link::ToMany { column } => {
                sql.raw(" WHERE ");
                self.same_tenant(sql, (owner, alias), (target, other));
                sql.column(other, column).raw(" = ").column(alias, owner.id.referenced);
            }
            Link::Through { table, own, target: far, slot } => {
                let join = self.fresh();
                sql.raw(" JOIN ").ident(table).raw(" AS ").alias(join).raw(" ON ");
                if let Some(tenant) = target.tenant {
                    sql.column(join, JOIN_TENANT).raw(" = ").column(other, tenant).raw(" AND ");
                }
                sql.column(join, far).raw(" = ").column(other, target.id.referenced).raw(" WHERE ");
                self.join_table(sql, (owner, alias), (target, join), own, slot);
            }
            Link::Polymorphic { type_column, id_column, .. } => {
                sql.raw(" WHERE ");
                self.same_tenant(sql, (owner, alias), (target, other));
                sql.column(other, target.id.referenced).raw(" = ").column(alias, id_column).raw(" AND ");
                sql.column(alias, type_column).raw(" = ").bind(Value::Text(target.name.to_owned()));
            }
            // Its branches hold the links.
            Link::Union { .. } => {
                sql.raw(" WHERE FALSE");
            }
        }
        other
    }

    /// The rows of a join table that belong to row `alias` of `owner`.
    pub fn join_table(
        &mut self,
        sql: &mut Sql,
        (owner, alias): (&'static Resource, usize),
        (target, join): (&'static Resource, usize),
        own: Ident,
        slot: Option<(Ident, &'static str)>,
    ) {
        match (owner.tenant, target.tenant) {
            (Some(tenant), _) => {
                sql.column(join, JOIN_TENANT).raw(" = ").column(alias, tenant).raw(" AND ");
            }
            (None, Some(_)) => {
                sql.column(join, JOIN_TENANT).raw(" = ").bind(Value::Integer(self.caller.organization)).raw(" AND ");
            }
            (None, None) => {}
        }
        sql.column(join, own).raw(" = ").column(alias, owner.id.referenced);
        if let Some((column, word)) = slot {
            sql.raw(" AND ").column(join, column).raw(" = ").bind(Value::Text(word.to_owned()));
        }
    }

    /// `t1."organization_id" = t0."organization_id" AND `; nothing for a shared target.
    fn same_tenant(
        &mut self,
        sql: &mut Sql,
        (owner, alias): (&'static Resource, usize),
        (target, other): (&'static Resource, usize),
    ) {
        match (owner.tenant, target.tenant) {
            (_, None) => {}
            (Some(near), Some(far)) => {
                sql.column(other, far).raw(" = ").column(alias, near).raw(" AND ");
            }
            (None, Some(far)) => {
                sql.column(other, far).raw(" = ").bind(Value::Integer(self.caller.organization)).raw(" AND ");
            }
        }
    }

    /// What foreign keys to the record of that id hold.
    fn referenced(&mut self, sql: &mut Sql, resource: &'static Resource, id: Value) {
        if !resource.id.is_external() {
            sql.bind(id);
            return;
        }
        let near = self.fresh();
        sql.raw("(SELECT ").column(near, resource.id.referenced);
        sql.raw(" FROM ").ident(resource.table).raw(" AS ").alias(near).raw(" WHERE ");
        self.tenant(sql, resource, near);
        sql.raw(" AND ").column(near, resource.id.column).raw(" = ").bind(id).raw(")");
    }

    /// Row `alias` of `target` is at the far end of `relation` of the record `key`.
    fn linked_from(
        &mut self,
        sql: &mut Sql,
        (target, alias): (&'static Resource, usize),
        owner: &'static Resource,
        relation: &'static Relation,
        key: &Key,
    ) {
        let organization = Value::Integer(self.caller.organization);
        let id = Value::from(key);
        match owner.branch(relation, target).link {
            Link::Union { .. } => {
                sql.raw("FALSE");
            }
            Link::ToMany { column } => {
                sql.column(alias, column).raw(" = ");
                self.referenced(sql, owner, id);
            }
            Link::ToOne { column, .. } => {
                let near = self.fresh();
                sql.column(alias, target.id.referenced).raw(" = (SELECT ").column(near, column);
                sql.raw(" FROM ").ident(owner.table).raw(" AS ").alias(near).raw(" WHERE ");
                self.tenant(sql, owner, near);
                sql.raw(" AND ").column(near, owner.id.column).raw(" = ").bind(id).raw(")");
            }
            Link::Through { table, own, target: far, slot } => {
                let join = self.fresh();
                sql.column(alias, target.id.referenced).raw(" IN (SELECT ").column(join, far);
                sql.raw(" FROM ").ident(table).raw(" AS ").alias(join).raw(" WHERE ");
                if owner.tenant.is_some() || target.tenant.is_some() {
                    sql.column(join, JOIN_TENANT).raw(" = ").bind(organization).raw(" AND ");
                }
                sql.column(join, own).raw(" = ");
                self.referenced(sql, owner, id);
                if let Some((column, word)) = slot {
                    sql.raw(" AND ").column(join, column).raw(" = ").bind(Value::Text(word.to_owned()));
                }
                sql.raw(")");
            }
            Link::Polymorphic { type_column, id_column, .. } => {
                let near = self.fresh();
                sql.column(alias, target.id.referenced).raw(" = (SELECT ").column(near, id_column);
                sql.raw(" FROM ").ident(owner.table).raw(" AS ").alias(near).raw(" WHERE ");
                self.tenant(sql, owner, near);
                sql.raw(" AND ").column(near, owner.id.column).raw(" = ").bind(id).raw(" AND ");
                sql.column(near, type_column).raw(" = ").bind(Value::Text(target.name.to_owned())).raw(")");
            }
        }
    }
}

/// What the id column of a resource is in Postgres.
pub const fn id_storage(kind: IdKind) -> Storage {
    match kind {
        IdKind::Integer => Storage::BigInt,
        IdKind::Text => Storage::Text,
        IdKind::Guid { .. } => Storage::Uuid,
    }
}
