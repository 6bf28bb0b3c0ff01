//! A schedule has a date at least, its dates are in order, and those of one price list do not overlap.

use diesel::pg::PgConnection;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{self, Error, Errors};
use crate::resources::pricing::{PRICE_LIST, PRICE_LIST_SCHEDULE};

pub struct PriceListScheduleRules;

impl Rules for PriceListScheduleRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for node in nodes.iter().map(|index| batch.node(*index)) {
            match (node.effective("activeAt"), node.effective("deactivateAt")) {
                (Value::Null, Value::Null) => {
                    let detail = "A schedule needs \"activeAt\", \"deactivateAt\" or both.";
                    errors.push(node.at_attribute("activeAt", Error::new(&error::NOT_BLANK, detail)));
                }
                (Value::DateTime(start), Value::DateTime(end)) if start >= end => {
                    let detail = "The value of \"deactivateAt\" should be later than that of \"activeAt\".";
                    errors.push(node.at_attribute("deactivateAt", Error::new(&error::DATE_INTERVAL, detail)));
                }
                _ => {}
            }
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let lists = nodes.iter().filter_map(|index| batch.node(*index).effective_one("priceList").cloned()).collect();
        settle(batch, lists)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], parents: &[Key]) -> Result<(), Errors> {
        settle(batch, parents.to_vec())
    }
}

/// After schedules of these price lists were written or removed: refuses overlaps, and keeps `containSchedule`.
pub fn settle(batch: &mut Batch<'_>, lists: Vec<Key>) -> Result<(), Errors> {
    let lists: Vec<i64> =
        lists.into_iter().filter_map(|key| if let Key::Integer(id) = key { Some(id) } else { None }).collect();
    let organization = batch.organization();
    lock(batch.conn, organization, &lists)?;
    let overlapping = overlapping(batch.conn, organization, &lists)?;
    let nodes = batch.nodes.iter().filter(|node| node.resource == &PRICE_LIST_SCHEDULE);
    let detail = "Price list schedule segments should not intersect.";
    let errors = nodes.filter(|node| overlapping.contains(&node.key));
    Errors::check(errors.map(|node| Error::new(&error::SCHEDULE_OVERLAP, detail).at(node.pointer.clone())).collect())?;
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE price_list l SET contain_schedule = n.scheduled FROM (
            SELECT id, EXISTS (SELECT FROM price_list_schedule s
                WHERE s.organization_id = o.organization_id AND s.price_list_id = o.id) AS scheduled
            FROM price_list o WHERE o.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND o.id = ANY(").bind(Value::Integers(lists));
    sql.raw(")) n WHERE l.organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND l.id = n.id AND l.contain_schedule <> n.scheduled RETURNING l.id");
    for id in sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?.into_iter().flatten() {
        batch.touch(&PRICE_LIST, Key::Integer(id), &["containSchedule"]);
    }
    Ok(())
}

/// Locks price lists, lowest id first: without it, two requests could each add a schedule that overlaps the other's.
fn lock(conn: &mut PgConnection, organization: i64, lists: &[i64]) -> Result<(), Errors> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM price_list WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ANY(").bind(Value::Integers(lists.to_vec())).raw(") ORDER BY id FOR NO KEY UPDATE");
    sql.execute(conn)?;
    Ok(())
}

/// The schedules that overlap another one of their list.
fn overlapping(conn: &mut PgConnection, organization: i64, lists: &[i64]) -> Result<Vec<Key>, Errors> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT DISTINCT a.id FROM price_list_schedule a
        JOIN price_list_schedule b ON b.organization_id = a.organization_id AND b.price_list_id = a.price_list_id
            AND b.id <> a.id
            AND tstzrange(a.active_at, a.deactivate_at) && tstzrange(b.active_at, b.deactivate_at)
        WHERE a.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND a.price_list_id = ANY(").bind(Value::Integers(lists.to_vec()));
    sql.raw(")");
    let ids = sql.collect(conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    Ok(ids.into_iter().flatten().map(Key::Integer).collect())
}
