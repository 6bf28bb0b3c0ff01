//! Who belongs to what: users to units, groups and roles, groups to roles, units to those above them. Input: ids of one
//! kind; output: pairs of such an id and another. One statement, whatever the number of ids.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// Each of the ids that were asked for, with each id that belongs to it.
pub type Pairs = Vec<(i64, i64)>;

/// The numbers of ids that are numbers.
pub fn numbers<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Vec<i64> {
    keys.into_iter().filter_map(|key| if let Key::Integer(id) = key { Some(*id) } else { None }).collect()
}

/// What belongs to any of the ids, each once.
pub fn belonging(pairs: Pairs) -> Vec<i64> {
    let mut all: Vec<i64> = pairs.into_iter().map(|(_, other)| other).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Roles, and the users who hold them, by themselves or by a group.
pub fn holders(conn: &mut PgConnection, organization: i64, roles: &[i64]) -> QueryResult<Pairs> {
    let select = "SELECT DISTINCT role_id, user_id FROM app_user_held_role WHERE organization_id = ";
    pairs(conn, (select, " AND role_id = ANY("), organization, roles)
}

/// Groups, and the users who belong to them.
pub fn members_of_groups(conn: &mut PgConnection, organization: i64, groups: &[i64]) -> QueryResult<Pairs> {
    let select = "SELECT group_id, user_id FROM app_user_user_group WHERE organization_id = ";
    pairs(conn, (select, " AND group_id = ANY("), organization, groups)
}

/// Groups, and their roles.
pub fn roles_of_groups(conn: &mut PgConnection, organization: i64, groups: &[i64]) -> QueryResult<Pairs> {
    let select = "SELECT group_id, role_id FROM user_group_role WHERE organization_id = ";
    pairs(conn, (select, " AND group_id = ANY("), organization, groups)
}

/// Users, and the units that they belong to, as these are stored.
pub fn units_of(conn: &mut PgConnection, organization: i64, users: &[i64]) -> QueryResult<Pairs> {
    let select = "SELECT user_id, business_unit_id FROM app_user_business_unit WHERE organization_id = ";
    pairs(conn, (select, " AND user_id = ANY("), organization, users)
}

/// Units, and the users who belong to them or are owned by them.
pub fn members_of_units(conn: &mut PgConnection, organization: i64, units: &[i64]) -> QueryResult<Pairs> {
    let select = "SELECT member.unit, member.user_id FROM (SELECT organization_id, user_id, business_unit_id AS unit \
         FROM app_user_business_unit UNION SELECT organization_id, id, owner_id FROM app_user) AS member \
         WHERE member.organization_id = ";
    pairs(conn, (select, " AND member.unit = ANY("), organization, units)
}

/// Units, and those above them.
pub fn units_above(conn: &mut PgConnection, organization: i64, units: &[i64]) -> QueryResult<Pairs> {
    let first = "SELECT id, owner_id FROM business_unit WHERE organization_id = ";
    let next = "SELECT tree.of, unit.owner_id FROM tree JOIN business_unit AS unit ON unit.id = tree.id";
    tree(conn, (first, next), organization, units)
}

/// Units, and those below them, themselves among them.
pub fn units_below(conn: &mut PgConnection, organization: i64, units: &[i64]) -> QueryResult<Pairs> {
    let first = "SELECT id, id FROM business_unit WHERE organization_id = ";
    let next = "SELECT tree.of, unit.id FROM tree JOIN business_unit AS unit ON unit.owner_id = tree.id";
    tree(conn, (first, next), organization, units)
}

fn tree(
    conn: &mut PgConnection,
    (first, next): (&'static str, &'static str),
    organization: i64,
    units: &[i64],
) -> QueryResult<Pairs> {
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE tree (of, id) AS (").raw(first).bind(Value::Integer(organization));
    sql.raw(" AND id = ANY(").bind(Value::Integers(units.to_vec())).raw(") UNION ").raw(next);
    sql.raw(" AND unit.organization_id = ").bind(Value::Integer(organization));
    sql.raw(") SELECT of, id FROM tree WHERE id IS NOT NULL");
    run(conn, sql, units)
}

fn pairs(
    conn: &mut PgConnection,
    (select, among): (&'static str, &'static str),
    organization: i64,
    ids: &[i64],
) -> QueryResult<Pairs> {
    let mut sql = Sql::new();
    sql.raw(select).bind(Value::Integer(organization)).raw(among).bind(Value::Integers(ids.to_vec())).raw(")");
    run(conn, sql, ids)
}

fn run(conn: &mut PgConnection, sql: Sql, ids: &[i64]) -> QueryResult<Pairs> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = sql.collect(conn, |row| -> QueryResult<_> { Ok((row.integer(0)?, row.integer(1)?)) })?;
    Ok(found.into_iter().filter_map(|(of, other)| Some((of?, other?))).collect())
}
