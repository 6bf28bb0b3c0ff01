//! What rows are sorted by.

use crate::acl::{self, Authorized, Permission};
use crate::engine::plan::{ReadPlan, SortColumn};
use crate::engine::predicate::Predicate;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::Resource;
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;

/// ` ORDER BY …`.
pub(super) fn order(sql: &mut Sql, conditions: &mut Conditions<'_>, plan: &Authorized<'_, ReadPlan>, reversed: bool) {
    for (index, term) in plan.plan().sort.iter().enumerate() {
        sql.raw(if index == 0 { " ORDER BY " } else { ", " });
        sort_value(sql, conditions, (plan.plan().resource, 0), &term.path, &term.column);
        if term.descending != reversed {
            sql.raw(" DESC");
        }
    }
}

/// The value a term compares: an own column, or the value at the far end of its path, of the record with the smallest id
/// where there are several, as far as the caller may view them.
fn sort_value(
    sql: &mut Sql,
    conditions: &mut Conditions<'_>,
    (resource, alias): (&'static Resource, usize),
    path: &[&'static Relation],
    column: &SortColumn,
) {
    let Some((relation, rest)) = path.split_first() else {
        match column {
            SortColumn::Id => sql.column(alias, resource.id.column),
            SortColumn::Field(field) => sql.column(alias, field.column),
        };
        return;
    };
    let target = relation.target;
    let scope = acl::scope(target, Permission::View, conditions.caller).unwrap_or(Predicate::False);
    if let (Link::ToOne { column: key, .. }, true, SortColumn::Id, Predicate::True, false) =
        (&relation.link, rest.is_empty(), column, &scope, target.id.is_external())
    {
        sql.column(alias, *key);
        return;
    }
    let mut inner = Sql::new();
    let other = conditions.far_end(&mut inner, (resource, alias), relation, target);
    conditions.and(&mut inner, target, other, &scope);
    sql.raw("(SELECT ");
    sort_value(sql, conditions, (target, other), rest, column);
    sql.raw(" FROM ").append(inner);
    if relation.is_many() {
        sql.raw(" ORDER BY ").column(other, target.id.column).raw(" LIMIT 1");
    }
    sql.raw(")");
}
