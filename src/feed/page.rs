//! A page of the feed: the changes after a position, as far as a caller sees them.
//!
//! One statement, one snapshot: how far the feed goes, what was removed of it, and the rows. At most [`WINDOW`] rows are
//! looked at, however few of them the caller sees; the page tells how far it looked.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::value::RawValue;

use super::sight::Sight;
use crate::acl::Caller;
use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;
use crate::error::{CURSOR_GONE, Error};

/// The most rows that one page looks at.
pub const WINDOW: i64 = 10_000;

/// Which of the changes that the caller sees are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub sight: Sight,
    /// Words of [`super::super::engine::write`]: `created`, `updated`, `deleted`. `None`: all.
    pub actions: Option<Vec<String>>,
    /// Ids of records. `None`: all.
    pub ids: Option<Vec<String>>,
    /// When: a moment, and the operator before it.
    pub moments: Vec<(&'static str, DateTime<Utc>)>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the oldest change that is kept.
    Oldest,
    /// After the last change there is.
    End,
    /// After that position.
    After(i64),
}

/// One change, as the caller sees it.
#[derive(Clone, Debug)]
pub struct Change {
    pub position: i64,
    /// The type of the record.
    pub resource: String,
    /// Its id, as on the wire.
    pub record: String,
    /// `created`, `updated` or `deleted`.
    pub action: String,
    /// A JSON array of names.
    pub fields: Box<RawValue>,
    pub at: DateTime<Utc>,
    pub user: Option<i64>,
    pub customer_user: Option<i64>,
    pub client: Option<String>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Page {
    pub changes: Vec<Change>,
    /// The position up to which everything was looked at: where to go on.
    pub position: i64,
    /// The last position of the feed.
    pub head: i64,
}

impl Page {
    /// Whether there is more to be looked at already.
    pub fn has_more(&self) -> bool {
        self.position < self.head
    }
}

/// Reads up to `size` changes. The error is the 410 of a place that is older than what is kept, or that never was.
pub fn read(conn: &mut PgConnection, caller: &Caller, wanted: &Wanted, place: Place, size: i64) -> Result<Page, Error> {
    let mut feed = (0, 0);
    let mut changes = Vec::new();
    statement(caller, wanted, place, size).for_each(conn, |row| -> Result<(), Error> {
        feed = (row.integer(0)?.unwrap_or_default(), row.integer(1)?.unwrap_or_default());
        let Some(position) = row.integer(2)? else { return Ok(()) };
        let text = |column: usize| row.text(column).map(Option::unwrap_or_default);
        changes.push(Change {
            position,
            resource: text(3)?,
            record: text(4)?,
            action: text(5)?,
            fields: RawValue::from_string(text(6)?).map_err(Error::internal)?,
            at: row.get::<diesel::sql_types::Timestamptz, DateTime<Utc>>(7)?.unwrap_or_default(),
            user: row.integer(8)?,
            customer_user: row.integer(9)?,
            client: row.text(10)?,
        });
        Ok(())
    })?;
    let (head, removed) = feed;
    let after = match place {
        Place::Oldest => removed,
        Place::End => head,
        Place::After(position) if position < removed => return Err(too_old()),
        Place::After(position) if position > head => return Err(never_was()),
        Place::After(position) => position,
    };
    let full = changes.len() as i64 >= size;
    let looked = if full { changes.last().map_or(after, |last| last.position) } else { head.min(after + WINDOW) };
    Ok(Page { changes, position: looked, head })
}

fn too_old() -> Error {
    let text = "The changes after this cursor are not kept any more. Read the records anew, then follow the changes from the \
                cursor of \"links.last\" that you took before.";
    Error::new(&CURSOR_GONE, text).parameter("page[after]")
}

fn never_was() -> Error {
    let text = "The cursor lies beyond the last change: the server's data were set back since. Read the records anew, then \
                follow the changes from the cursor of \"links.last\" that you took before.";
    Error::new(&CURSOR_GONE, text).parameter("page[after]")
}

fn statement(caller: &Caller, wanted: &Wanted, place: Place, size: i64) -> Sql {
    let mut conditions = Conditions::new(caller);
    let mut sql = Sql::new();
    sql.frequent();
    sql.raw("SELECT f.position, f.removed, c.* FROM change_feed AS f LEFT JOIN LATERAL (SELECT * FROM (");
    rows(&mut sql, &mut conditions, wanted, place);
    sql.raw(") AS seen");
    if let Some(actions) = &wanted.actions {
        sql.raw(" WHERE action = ANY(").bind(Value::Texts(actions.clone())).raw(")");
    }
    sql.raw(" ORDER BY position LIMIT ").bind(Value::Integer(size)).raw(") AS c ON TRUE WHERE f.organization_id = ");
    sql.bind(Value::Integer(caller.organization)).raw(" ORDER BY c.position");
    sql
}

/// The rows of the window that the caller sees, with the action as it is for the caller.
fn rows(sql: &mut Sql, conditions: &mut Conditions<'_>, wanted: &Wanted, place: Place) {
    let sight = &wanted.sight;
    let column = |sql: &mut Sql, name: &'static str| {
        sql.column(0, Ident::new(name)).raw(", ");
    };
    sql.raw("SELECT ");
    for name in ["position", "resource", "record_id"] {
        column(sql, name);
    }
    if sight.is_limited() {
        sql.raw("CASE WHEN NOT t0.moved THEN t0.action WHEN ");
        sight.after(sql, conditions);
        sql.raw(" IS NOT TRUE THEN 'deleted' WHEN ");
        sight.before(sql, conditions);
        sql.raw(" IS NOT TRUE THEN 'created' ELSE t0.action END AS action, ");
        sql.raw("t0.fields::text AS fields, ");
    } else {
        column(sql, "action");
        sql.raw("t0.fields::text AS fields, ");
    }
    for name in ["at", "user_id", "customer_user_id"] {
        column(sql, name);
    }
    sql.raw("t0.client FROM change AS t0 WHERE t0.organization_id = f.organization_id AND t0.position > ");
    let window = Value::Integer(WINDOW);
    match place {
        Place::Oldest => sql.raw("f.removed AND t0.position <= least(f.position, f.removed + ").bind(window).raw(")"),
        Place::End => sql.raw("f.position AND FALSE"),
        Place::After(after) => sql
            .bind(Value::Integer(after))
            .raw(" AND t0.position <= least(f.position, ")
            .bind(Value::Integer(after.saturating_add(WINDOW)))
            .raw(")"),
    };
    sql.raw(" AND (");
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
