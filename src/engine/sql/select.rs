//! Read plans as SELECT statements.
//!
//! The columns of a row, in this order (see [`Layout`]): the id (two columns for a composite one), the fields of the
//! shape, its relationships (a to-one id, the array of a to-many's ids, type and id of a polymorphic link, or one of the
//! former for each target of a union), then the title, the values of the sort terms and what else the record's version is made of, where asked for.

mod layout;
mod linkage;
mod order;
mod title;
mod window;

pub use layout::{Layout, Wanted};
pub use linkage::related_ids;
use order::order;
use title::title;
pub use window::Window;
use window::limit;

use super::Sql;
use super::predicate::Conditions;
use crate::acl::{Authorized, Caller};
use crate::engine::key::Key;
use crate::engine::plan::{ReadPlan, Shape, SortTerm};
use crate::engine::predicate::Predicate;
use crate::engine::value::{Value, key_array};

/// The rows of the plan in a window, with the columns of the resource's shape.
pub fn rows(plan: &Authorized<'_, ReadPlan>, shape: &Shape, wanted: Wanted, window: &Window) -> Sql {
    let mut sql = Sql::new();
    keep(&mut sql, plan.plan(), window.segment == Predicate::True && window.is_common());
    let mut conditions = Conditions::new(plan.caller());
    sql.raw("SELECT ");
    columns(&mut sql, &mut conditions, shape, wanted, &plan.plan().sort);
    matching(&mut sql, &mut conditions, plan, &window.segment);
    order(&mut sql, &mut conditions, plan, window.reversed);
    limit(&mut sql, window);
    sql
}

/// Keeps what has few texts, and of the simple lists those that come often.
fn keep(sql: &mut Sql, plan: &ReadPlan, common: bool) {
    if plan.plain && common {
        return;
    }
    if plan.filter.is_simple() && plan.sort.iter().all(|term| term.path.is_empty()) {
        sql.frequent();
    } else {
        sql.uncached();
    }
}

/// The ids of the rows of the plan in a window.
pub fn keys(plan: &Authorized<'_, ReadPlan>, window: &Window) -> Sql {
    let mut sql = Sql::new();
    sql.uncached();
    let mut conditions = Conditions::new(plan.caller());
    sql.raw("SELECT ").key_columns(0, plan.plan().resource);
    matching(&mut sql, &mut conditions, plan, &window.segment);
    order(&mut sql, &mut conditions, plan, window.reversed);
    limit(&mut sql, window);
    sql
}

/// The number of rows of the plan, whatever the page.
pub fn count(plan: &Authorized<'_, ReadPlan>) -> Sql {
    let mut sql = Sql::new();
    keep(&mut sql, plan.plan(), true);
    sql.raw("SELECT count(*)");
    matching(&mut sql, &mut Conditions::new(plan.caller()), plan, &Predicate::True);
    sql
}

/// The records of those ids that the caller may view, by id.
pub fn by_keys(caller: &Caller, shape: &Shape, wanted: Wanted, sort: &[SortTerm], keys: &[Key], plain: bool) -> Sql {
    let resource = shape.resource;
    let mut sql = Sql::new();
    if !plain {
        sql.frequent();
    }
    let mut conditions = Conditions::new(caller);
    sql.raw("SELECT ");
    columns(&mut sql, &mut conditions, shape, wanted, sort);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.viewable(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    if let Some(column) = resource.id_begins_with {
        let numbers = keys.iter().filter_map(leading_number).collect();
        sql.raw(" AND ").column(0, column).raw(" = ANY(").bind(Value::Integers(numbers)).raw(")");
    }
    sql.raw(" ORDER BY ").column(0, resource.id.column);
    sql
}

/// 7 of the id `7-subtotal`.
fn leading_number(key: &Key) -> Option<i64> {
    let Key::Text(id) = key else { return None };
    id.split('-').next()?.parse().ok()
}

fn matching(sql: &mut Sql, conditions: &mut Conditions<'_>, plan: &Authorized<'_, ReadPlan>, segment: &Predicate) {
    let resource = plan.plan().resource;
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.viewable(sql, resource, 0);
    conditions.and(sql, resource, 0, &plan.plan().filter);
    conditions.and(sql, resource, 0, segment);
}

fn columns(sql: &mut Sql, conditions: &mut Conditions<'_>, shape: &Shape, wanted: Wanted, sort: &[SortTerm]) {
    sql.key_columns(0, shape.resource);
    for field in &shape.fields {
        match field.computed {
            // Its place in the row stays empty.
            true => sql.raw(", NULL::text"),
            false => sql.raw(", ").column(0, field.column),
        };
    }
    for relation in &shape.relations {
        sql.raw(", ");
        related_ids(sql, conditions, shape.resource, relation);
    }
    if wanted.title {
        sql.raw(", ");
        title(sql, conditions, shape.resource);
    }
    if wanted.cursor {
        for column in sort.iter().filter_map(|term| term.own_column(shape.resource)) {
            sql.raw(", ").column(0, column);
        }
    }
    if wanted.version {
        let state = layout::state(shape.resource);
        for field in state.fields.iter().filter(|field| !shape.fields.contains(field)) {
            sql.raw(", ").column(0, field.column);
        }
        for relation in state.relations.iter().filter(|relation| !shape.relations.contains(relation)) {
            sql.raw(", ");
            related_ids(sql, conditions, shape.resource, relation);
        }
    }
}
