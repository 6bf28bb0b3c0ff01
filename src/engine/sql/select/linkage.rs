//! The ids at the far ends of a row's relationships.

use crate::acl::{self, Permission};
use crate::engine::kind::Storage;
use crate::engine::predicate::Predicate;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;

/// The id or ids at the far end of a relationship of row `t0`, as far as the caller may view them.
pub fn related_ids(
    sql: &mut Sql,
    conditions: &mut Conditions<'_>,
    owner: &'static Resource,
    relation: &'static Relation,
) {
    let target = relation.target;
    match relation.link {
        Link::ToOne { column, .. } => match acl::scope(target, Permission::View, conditions.caller) {
            None => {
                sql.raw("NULL");
            }
            Some(Predicate::True) if target.id.is_in_foreign_keys() => {
                sql.column(0, column);
            }
            Some(scope) => {
                sql.raw("(SELECT ");
                let mut inner = Sql::new();
                let other = conditions.far_end(&mut inner, (owner, 0), relation, target);
                wire_id(sql, other, target);
                sql.raw(" FROM ").append(inner);
                conditions.and(sql, target, other, &scope);
                sql.raw(")");
            }
        },
        Link::ToMany { .. } | Link::Through { .. } => to_many_ids(sql, conditions, owner, relation),
        Link::Union { targets, .. } => {
            for (index, target) in targets.iter().enumerate() {
                sql.raw(if index > 0 { ", " } else { "" });
                related_ids(sql, conditions, owner, owner.branch(relation, target));
            }
        }
        Link::Polymorphic { type_column, id_column, targets } => {
            sql.raw("CASE ").column(0, type_column);
            for target in targets {
                let Some(scope) = acl::scope(target, Permission::View, conditions.caller) else { continue };
                // No foreign key holds it: what has gone is at no end any more. A subquery for the value: an EXISTS
                // among the columns can make Postgres hash the whole table for the sake of one page.
                let mut inner = Sql::new();
                let other = conditions.far_end(&mut inner, (owner, 0), relation, target);
                conditions.and(&mut inner, target, other, &scope);
                sql.raw(" WHEN ").bind(Value::Text(target.name.to_owned()));
                sql.raw(" THEN (SELECT ").column(0, type_column).raw(" FROM ").append(inner).raw(")");
            }
            // A CASE needs a branch even when the caller may view none of the targets.
            sql.raw(" WHEN NULL THEN NULL END, ");
            if targets.iter().all(|target| target.id.is_in_foreign_keys()) {
                sql.column(0, id_column);
                return;
            }
            sql.raw("CASE ").column(0, type_column);
            for target in targets.iter().filter(|target| !target.id.is_in_foreign_keys()) {
                let mut inner = Sql::new();
                let other = conditions.far_end(&mut inner, (owner, 0), relation, target);
                sql.raw(" WHEN ").bind(Value::Text(target.name.to_owned())).raw(" THEN (SELECT ");
                wire_id(sql, other, target);
                sql.raw(" FROM ").append(inner).raw(")");
            }
            sql.raw(" ELSE ").column(0, id_column).raw("::text END");
        }
    }
}

fn to_many_ids(sql: &mut Sql, conditions: &mut Conditions<'_>, owner: &'static Resource, relation: &'static Relation) {
    let target = relation.target;
    let Some(scope) = acl::scope(target, Permission::View, conditions.caller) else {
        sql.raw(match target.id.kind.storage() {
            Storage::BigInt => "'{}'::bigint[]",
            _ => "'{}'::text[]",
        });
        return;
    };
    sql.raw("ARRAY(SELECT ");
    match relation.link {
        // The join table alone knows the ids.
        Link::Through { table, own, target: far, slot }
            if scope == Predicate::True && target.id.is_in_foreign_keys() =>
        {
            let join = conditions.fresh();
            sql.column(join, far).raw(" FROM ").ident(table).raw(" AS ").alias(join).raw(" WHERE ");
            conditions.join_table(sql, (owner, 0), (target, join), own, slot);
            sql.raw(" ORDER BY ").column(join, far);
        }
        _ => {
            let mut inner = Sql::new();
            let other = conditions.far_end(&mut inner, (owner, 0), relation, target);
            wire_id(sql, other, target);
            sql.raw(" FROM ").append(inner);
            conditions.and(sql, target, other, &scope);
            sql.raw(" ORDER BY ").column(other, target.id.column);
        }
    }
    if let Some(limit) = relation.limit {
        sql.raw(" LIMIT ").number(limit as usize + 1);
    }
    sql.raw(")");
}

/// The id as one column: composite ones as their text.
pub(super) fn wire_id(sql: &mut Sql, alias: usize, resource: &Resource) {
    sql.column(alias, resource.id.column);
    if let IdKind::Guid { suffix } = resource.id.kind {
        sql.raw("::text || '-' || ").column(alias, suffix).raw("::text");
    }
}
