//! Records that all organizations share (units, freight classes): each organization changes and deletes only those it
//! has made. Where there is no other organization, all of them.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{ACCESS_DENIED, Error, Errors};

/// The rules of a table with the columns `code` and `made_by`.
pub struct SharedRules {
    table: Ident,
}

impl SharedRules {
    pub const fn of(table: Ident) -> SharedRules {
        SharedRules { table }
    }

    /// Those of the records that the organization may not change.
    fn foreign(&self, conn: &mut PgConnection, organization: i64, keys: &[Key]) -> Result<Vec<Key>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new();
        sql.raw("SELECT code FROM ").ident(self.table).raw(" WHERE code = ANY(").bind(Value::Texts(codes(keys)));
        sql.raw(") AND made_by IS DISTINCT FROM ").bind(Value::Integer(organization));
        sql.raw(" AND EXISTS (SELECT FROM organization WHERE id <> ").bind(Value::Integer(organization)).raw(")");
        let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.text(0)?) })?;
        Ok(found.into_iter().flatten().map(Key::Text).collect())
    }
}

impl Rules for SharedRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let changed: Vec<usize> = nodes.iter().copied().filter(|index| !batch.node(*index).creates).collect();
        let keys: Vec<Key> = changed.iter().map(|index| batch.node(*index).key.clone()).collect();
        let organization = batch.organization();
        let foreign = self.foreign(batch.conn, organization, &keys)?;
        let refused = changed.iter().map(|index| batch.node(*index)).filter(|node| foreign.contains(&node.key));
        Errors::check(refused.map(|node| Error::new(&ACCESS_DENIED, SHARED).at(&node.pointer)).collect())
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let made = nodes.iter().map(|index| batch.node(*index)).filter(|node| node.creates);
        let keys: Vec<Key> = made.map(|node| node.key.clone()).collect();
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(self.table).raw(" SET made_by = ").bind(Value::Integer(batch.organization()));
        sql.raw(" WHERE code = ANY(").bind(Value::Texts(codes(&keys))).raw(")");
        if !keys.is_empty() {
            sql.execute(batch.conn)?;
        }
        Ok(())
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        match self.foreign(conn, caller.organization, keys)?.is_empty() {
            true => Ok(()),
            false => Err(Error::new(&ACCESS_DENIED, SHARED)),
        }
    }
}

const SHARED: &str = "The record is shared with other organizations, and only the one that made it changes it.";

fn codes(keys: &[Key]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
