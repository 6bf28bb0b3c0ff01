//! From a row to the rows at the far end of a relationship, and back: foreign keys, join tables, types with ids.

use super::comparison::Expression;
use super::{Conditions, JOIN_TENANT};
use crate::acl::{self, Permission};
use crate::engine::key::Key;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::value::Value;

impl Conditions<'_> {
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
    pub(super) fn linked_from(
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
