//! The statement of a page.
//!
//! Its columns: those of the shape; how far the feed goes, what was removed, how far the page looks; the type of the
//! record the change leads to (null when it was deleted) and its id. One row without a change, where there is none.
//!
//! Where few types are wanted, rows are found by type, so that millions of others in between cost nothing; else by their
//! positions alone. Either way a page considers [`WINDOW`] rows at most, and knows where it stopped. By type, and where not
//! every row is wanted (rights, ids, actions, times), Postgres may walk over more entries of the index than these: it does
//! not stop at the second column of a comparison of rows.

use super::{Place, WINDOW, Wanted};
use crate::acl::Caller;
use crate::engine::plan::Shape;
use crate::engine::relation::Link;
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::predicate::Conditions;
use crate::engine::sql::{Sql, select};
use crate::engine::value::Value;

/// More types than that are not looked for one by one.
const FEW: usize = 16;

const CLIENT: Ident = Ident::new("client");

pub fn statement(caller: &Caller, wanted: &Wanted, place: Place, size: i64) -> Sql {
    let mut conditions = Conditions::new(caller);
    let mut sql = Sql::new();
    sql.frequent();
    let types = Some(wanted.sight.types()).filter(|types| types.len() <= FEW);
    feed(&mut sql, caller, place, &Window::of(wanted, types.as_deref()));
    sql.raw(" SELECT t0.id");
    columns(&mut sql, &mut conditions, &wanted.shape);
    sql.raw(", feed.position, feed.removed, feed.last, t0.linked, t0.record_id FROM feed LEFT JOIN LATERAL (");
    match types {
        Some(types) => {
            sql.raw("SELECT found.* FROM unnest(").bind(texts(&types)).raw(") AS wanted (name), LATERAL (");
            seen(&mut sql, &mut conditions, wanted, size, true);
            sql.raw(") AS found ORDER BY found.id LIMIT ").bind(Value::Integer(size));
        }
        None => seen(&mut sql, &mut conditions, wanted, size, false),
    }
    sql.raw(") AS t0 ON TRUE ORDER BY t0.id");
    sql
}

/// Where a page stops to look.
enum Window<'t> {
    /// At the end of the feed: every row of the types is wanted, so that the page is full before.
    Whole,
    /// After so many rows of each of the types.
    OfTypes(&'t [&'static str], i64),
    /// After [`WINDOW`] positions.
    Positions,
}

impl Window<'_> {
    fn of<'t>(wanted: &Wanted, types: Option<&'t [&'static str]>) -> Window<'t> {
        let Wanted { sight, actions, ids, moments, .. } = wanted;
        let all = !sight.is_limited() && actions.is_none() && ids.is_none() && moments.is_empty();
        match types {
            Some(_) if all => Window::Whole,
            Some(types) => Window::OfTypes(types, WINDOW / types.len().max(1) as i64),
            None => Window::Positions,
        }
    }
}

/// `WITH feed …`: one row, with the positions between which the page looks.
fn feed(sql: &mut Sql, caller: &Caller, place: Place, window: &Window<'_>) {
    sql.raw("WITH feed AS MATERIALIZED (SELECT f.organization_id, f.position, f.removed, ");
    start(sql, place, 0);
    sql.raw(" AS start, least(f.position, ");
    match window {
        Window::Whole => drop(sql.raw("NULL")),
        Window::Positions => start(sql, place, WINDOW),
        Window::OfTypes(types, each) => {
            sql.raw("(SELECT min(far.position) FROM unnest(").bind(texts(types)).raw(
                ") AS wanted (name), LATERAL (SELECT c.position FROM change AS c WHERE c.organization_id = f.organization_id \
                 AND c.position IS NOT NULL AND (c.resource, c.position) <= (wanted.name, f.position) \
                 AND (c.resource, c.position) > (wanted.name, ",
            );
            start(sql, place, 0);
            sql.raw(") ORDER BY c.resource, c.position LIMIT 1 OFFSET ")
                .bind(Value::Integer(each - 1))
                .raw(") AS far)");
        }
    }
    sql.raw(") AS last FROM change_feed AS f WHERE f.organization_id = ");
    sql.bind(Value::Integer(caller.organization)).raw(")");
}

/// The position so many behind that of the place.
fn start(sql: &mut Sql, place: Place, behind: i64) {
    match place {
        Place::Oldest => sql.raw("f.removed + ").bind(Value::Integer(behind)),
        Place::End => sql.raw("f.position"),
        Place::After(after) => sql.bind(Value::Integer(after.saturating_add(behind))),
    };
}

/// The columns of the shape, after the id.
fn columns(sql: &mut Sql, conditions: &mut Conditions<'_>, shape: &Shape) {
    for field in &shape.fields {
        sql.raw(", ");
        match field.column {
            CLIENT => client(sql, conditions, shape.resource),
            column => drop(sql.column(0, column)),
        }
    }
    for relation in &shape.relations {
        sql.raw(", ");
        match relation.link {
            // A record may have gone since: that is told by a change of its own.
            Link::Polymorphic { type_column, id_column, .. } => {
                sql.column(0, type_column).raw(", ").column(0, id_column);
            }
            _ => select::related_ids(sql, conditions, shape.resource, relation),
        }
    }
}

/// Clients belong to those who use them: told where these are told, and to the client itself.
fn client(sql: &mut Sql, conditions: &mut Conditions<'_>, resource: &'static Resource) {
    let own = Value::Text(conditions.caller.client.clone());
    sql.raw("CASE WHEN ").column(0, CLIENT).raw(" = ").bind(own).raw(" OR (TRUE");
    for relation in resource.relations {
        let Link::ToOne { column, .. } = relation.link else { continue };
        sql.raw(" AND (").column(0, column).raw(" IS NULL OR ");
        select::related_ids(sql, conditions, resource, relation);
        sql.raw(" IS NOT NULL)");
    }
    sql.raw(") THEN ").column(0, CLIENT).raw(" END");
}

/// The first of the rows that are wanted, as they are shown. What was changed when a record left the caller's view is no
/// longer the caller's to know.
fn seen(sql: &mut Sql, conditions: &mut Conditions<'_>, wanted: &Wanted, size: i64, by_type: bool) {
    sql.raw(
        "SELECT id, organization_id, resource, record_id, action, at, user_id, customer_user_id, client, \
         CASE WHEN action <> 'deleted' THEN resource END AS linked, \
         CASE WHEN action <> 'deleted' THEN fields ELSE '[]' END AS fields FROM (",
    );
    rows(sql, conditions, wanted, by_type);
    sql.raw(") AS seen");
    if let Some(actions) = &wanted.actions {
        sql.raw(" WHERE action = ANY(").bind(Value::Texts(actions.clone())).raw(")");
    }
    sql.raw(if by_type { " ORDER BY resource, id" } else { " ORDER BY id" }).raw(" LIMIT ").bind(Value::Integer(size));
}

/// The rows that the caller sees between the feed's positions, with the action as it is for the caller.
fn rows(sql: &mut Sql, conditions: &mut Conditions<'_>, wanted: &Wanted, by_type: bool) {
    let sight = &wanted.sight;
    sql.raw(
        "SELECT t0.position AS id, t0.organization_id, t0.resource, t0.record_id, t0.fields, t0.at, t0.user_id, \
         t0.customer_user_id, t0.client, ",
    );
    if sight.is_limited() {
        sql.raw("CASE WHEN NOT t0.moved THEN t0.action WHEN ");
        sight.after(sql, conditions);
        sql.raw(" IS NOT TRUE THEN 'deleted' WHEN ");
        sight.before(sql, conditions);
        sql.raw(" IS NOT TRUE THEN 'created' ELSE t0.action END AS action");
    } else {
        sql.raw("t0.action");
    }
    sql.raw(" FROM change AS t0 WHERE t0.organization_id = feed.organization_id AND ").raw(match by_type {
        true => {
            "t0.position IS NOT NULL AND (t0.resource, t0.position) > (wanted.name, feed.start) \
             AND (t0.resource, t0.position) <= (wanted.name, feed.last) AND ("
        }
        false => "t0.position > feed.start AND t0.position <= feed.last AND (",
    });
    sight.after(sql, conditions);
    if sight.is_limited() {
        sql.raw(" OR (t0.moved AND ");
        sight.before(sql, conditions);
        sql.raw(")");
    }
    sql.raw(")");
    if let Some(ids) = &wanted.ids {
        sql.raw(" AND t0.record_id = ANY(").bind(Value::Texts(ids.clone())).raw(")");
    }
    for (operator, moment) in &wanted.moments {
        sql.raw(" AND t0.at ").raw(operator).raw(" ").bind(Value::DateTime(*moment));
    }
}

fn texts(types: &[&'static str]) -> Value {
    Value::Texts(types.iter().map(|name| (*name).to_owned()).collect())
}
