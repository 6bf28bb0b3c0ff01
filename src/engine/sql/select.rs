//! Read plans as SELECT statements.
//!
//! The columns of a row, in this order (see [`Layout`]): the id (two columns for a composite one), the fields of the
//! shape, its relationships (a to-one id, the array of a to-many's ids, type and id of a polymorphic link, or one of the
//! former for each target of a union), then the title, the values of the sort terms and what else the record's version is made of, where asked for.

use super::Sql;
use super::predicate::{Conditions, id_storage};
use crate::acl::{self, Authorized, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::kind::Storage;
use crate::engine::plan::{ReadPlan, Shape, SortColumn, SortTerm};
use crate::engine::predicate::Predicate;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Resource, Title};
use crate::engine::value::{Value, key_array};

/// Which columns a row has, beyond those of its shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub title: bool,
    /// The values of the sort terms, for cursors.
    pub cursor: bool,
    /// What the record's version is made of.
    pub version: bool,
}

/// The places of a row's columns.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Of the first field; the others follow.
    pub fields: usize,
    /// Of each relationship.
    pub relations: Vec<usize>,
    pub title: usize,
    /// Of the first sort value; the others follow.
    pub cursor: usize,
    /// Of all that makes the record's state, whatever is shown of it.
    pub state: Vec<usize>,
}

impl Layout {
    pub fn of(shape: &Shape, wanted: Wanted, terms: usize) -> Layout {
        let fields = if matches!(shape.resource.id.kind, IdKind::Guid { .. }) { 2 } else { 1 };
        let mut next = fields + shape.fields.len();
        let mut relations = Vec::with_capacity(shape.relations.len());
        for relation in &shape.relations {
            relations.push(next);
            next += width(relation);
        }
        let title = next;
        let cursor = title + usize::from(wanted.title);
        let mut next = cursor + if wanted.cursor { terms } else { 0 };
        let mut columns = Vec::new();
        if wanted.version {
            let mut add = |shown: Option<usize>, width: usize| {
                let first = shown.unwrap_or(next);
                next = next.max(first + width);
                columns.extend(first..first + width);
            };
            let state = state(shape.resource);
            for field in &state.fields {
                add(shape.fields.iter().position(|shown| shown == field).map(|place| fields + place), 1);
            }
            for relation in &state.relations {
                let place = shape.relations.iter().position(|shown| shown == relation);
                add(place.map(|place| relations[place]), width(relation));
            }
        }
        Layout { fields, relations, title, cursor, state: columns }
    }
}

/// How many columns the linkage of a relationship takes.
fn width(relation: &Relation) -> usize {
    match relation.link {
        Link::Polymorphic { .. } => 2,
        Link::Union { targets, .. } => targets.len(),
        _ => 1,
    }
}

/// The members whose change is a change of the record: all that it stores and shows, but for what changes without it.
fn state(resource: &'static Resource) -> Shape {
    let mut state = Shape::whole(resource);
    state.fields.retain(|field| !field.volatile && !field.computed);
    state
}

/// A part of the matching rows, in the plan's order.
#[derive(Clone, Debug)]
pub struct Window {
    /// A further condition: the segment beyond a cursor.
    pub segment: Predicate,
    /// Whether the order is turned round.
    pub reversed: bool,
    pub limit: Option<u64>,
    pub offset: u64,
}

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
    sql.raw(" ORDER BY ").column(0, resource.id.column);
    sql
}

fn matching(sql: &mut Sql, conditions: &mut Conditions<'_>, plan: &Authorized<'_, ReadPlan>, segment: &Predicate) {
    let resource = plan.plan().resource;
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.viewable(sql, resource, 0);
    conditions.and(sql, resource, 0, &plan.plan().filter);
    conditions.and(sql, resource, 0, segment);
}

/// The page sizes that clients usually ask for. They stand in the statement as numbers, so that a prepared plan knows
/// them; other sizes are bound, and their statements not kept.
const COMMON_SIZES: [u64; 10] = [1, 10, 20, 25, 30, 50, 100, 200, 500, 1000];

impl Window {
    /// Whether the window's text is one of few.
    fn is_common(&self) -> bool {
        // A page reads one row more than it shows.
        self.limit.is_none_or(|limit| COMMON_SIZES.contains(&limit.saturating_sub(1)))
    }
}

fn limit(sql: &mut Sql, window: &Window) {
    if let Some(limit) = window.limit.filter(|_| window.is_common()) {
        sql.raw(" LIMIT ").number(usize::try_from(limit).unwrap_or(usize::MAX));
    } else if let Some(limit) = window.limit {
        sql.raw(" LIMIT ").bind(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
    if window.offset > 0 {
        sql.raw(" OFFSET ").bind(Value::Integer(i64::try_from(window.offset).unwrap_or(i64::MAX)));
    }
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
        let state = state(shape.resource);
        for field in state.fields.iter().filter(|field| !shape.fields.contains(field)) {
            sql.raw(", ").column(0, field.column);
        }
        for relation in state.relations.iter().filter(|relation| !shape.relations.contains(relation)) {
            sql.raw(", ");
            related_ids(sql, conditions, shape.resource, relation);
        }
    }
}

/// The id or ids at the far end of a relationship, as far as the caller may view them.
fn related_ids(sql: &mut Sql, conditions: &mut Conditions<'_>, owner: &'static Resource, relation: &'static Relation) {
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
            sql.raw("CASE");
            for target in targets {
                if acl::scope(target, Permission::View, conditions.caller).is_none() {
                    continue;
                }
                sql.raw(" WHEN ").column(0, type_column).raw(" = ").bind(Value::Text(target.name.to_owned()));
                // No foreign key holds it: what has gone is at no end any more.
                sql.raw(" AND ");
                conditions.related(sql, (owner, 0), relation, target, &Predicate::True, true);
                sql.raw(" THEN ").column(0, type_column);
            }
            // A CASE needs a branch even when the caller may view none of the targets.
            sql.raw(" WHEN FALSE THEN ").column(0, type_column).raw(" END, ");
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
        sql.raw(match id_storage(target.id.kind) {
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
fn wire_id(sql: &mut Sql, alias: usize, resource: &Resource) {
    sql.column(alias, resource.id.column);
    if let IdKind::Guid { suffix } = resource.id.kind {
        sql.raw("::text || '-' || ").column(alias, suffix).raw("::text");
    }
}

/// The record's text for `meta.title`.
fn title(sql: &mut Sql, conditions: &mut Conditions<'_>, resource: &'static Resource) {
    match resource.title {
        Title::Id => {
            wire_id(sql, 0, resource);
            sql.raw("::text");
        }
        Title::Columns(columns) => {
            sql.raw("concat_ws(' '");
            for column in columns {
                sql.raw(", ").column(0, *column).raw("::text");
            }
            sql.raw(")");
        }
        Title::Localized(name) => {
            let found = resource.relation(name).and_then(|relation| {
                let text = relation.target.field("string")?;
                let Link::ToOne { column, .. } = relation.target.relation("localization")?.link else { return None };
                Some((relation, text.column, column))
            });
            let Some((relation, text, localization)) = found else {
                wire_id(sql, 0, resource);
                sql.raw("::text");
                return;
            };
            let mut inner = Sql::new();
            let other = conditions.far_end(&mut inner, (resource, 0), relation, relation.target);
            sql.raw("(SELECT ").column(other, text).raw(" FROM ").append(inner);
            sql.raw(" AND ").column(other, localization).raw(" IS NULL ORDER BY ");
            sql.column(other, relation.target.id.column).raw(" LIMIT 1)");
        }
    }
}

fn order(sql: &mut Sql, conditions: &mut Conditions<'_>, plan: &Authorized<'_, ReadPlan>, reversed: bool) {
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
