//! Attributes that no column holds: worked out for all records of a page at once.

use std::collections::HashMap;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use serde_json::Value as Json;

use super::key::Key;
use super::kind::Storage;
use super::plan::Shape;
use super::resource::{IdKind, Resource};
use super::sql::Sql;
use super::sql::predicate::Conditions;
use super::value::{Value, key_array};
use crate::acl::Caller;
use crate::error::Error;

/// What works out the [computed](super::field::Field::computed) attributes of a resource.
pub trait Computed: Sync {
    /// Puts in the values of the `wanted` attributes of these records, which the caller may view. What is not put in is null.
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error>;
}

/// Which values are asked for, and by whom.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub caller: &'a Caller,
    pub keys: &'a [Key],
    /// Names of attributes.
    pub wanted: &'a [&'static str],
}

impl Ask<'_> {
    pub fn wants(&self, attribute: &str) -> bool {
        self.wanted.contains(&attribute)
    }

    /// The keys as numbers.
    pub fn ids(&self) -> Vec<i64> {
        self.keys.iter().filter_map(|key| if let Key::Integer(id) = key { Some(*id) } else { None }).collect()
    }
}

/// Computed values by record and attribute, as the wire shows them.
#[derive(Debug, Default)]
pub struct Values(HashMap<Key, HashMap<&'static str, Json>>);

impl Values {
    pub fn put(&mut self, key: Key, attribute: &'static str, value: Json) {
        self.0.entry(key).or_default().insert(attribute, value);
    }

    /// Puts in what a statement answers: the record's number, and for each attribute a `jsonb` value.
    pub fn read(&mut self, conn: &mut PgConnection, sql: Sql, attributes: &[&'static str]) -> Result<(), Error> {
        sql.for_each(conn, |row| {
            let Some(id) = row.integer(0)? else { return Ok(()) };
            for (place, attribute) in (1..).zip(attributes) {
                if let Value::Json(value) = row.value(place, Storage::Json)? {
                    self.put(Key::Integer(id), attribute, value);
                }
            }
            Ok(())
        })
    }

    /// The same by other keys of the same records.
    fn under(mut self, others: &[(Key, Key)]) -> Values {
        Values(others.iter().filter_map(|(key, other)| Some((other.clone(), self.0.remove(key)?))).collect())
    }

    pub fn get(&self, key: &Key, attribute: &str) -> &Json {
        self.0.get(key).and_then(|values| values.get(attribute)).unwrap_or(&Json::Null)
    }
}

/// Does reading work that needs several statements for records of a shape with computed attributes, so that all of them
/// see the same moment. A transaction that is open already stays as it is.
pub fn at_one_moment<T>(
    conn: &mut PgConnection,
    shape: &Shape,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    let is_computed = shape.fields.iter().any(|field| field.computed);
    let is_open = matches!(
        AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth(),
        Ok(Some(_)) | Err(_)
    );
    if !is_computed || is_open {
        return work(conn);
    }
    conn.build_transaction().repeatable_read().read_only().run(work)
}

/// The computed values that a shape shows of records.
pub fn values(conn: &mut PgConnection, caller: &Caller, shape: &Shape, keys: &[Key]) -> Result<Values, Error> {
    let mut values = Values::default();
    let wanted: Vec<&'static str> =
        shape.fields.iter().filter(|field| field.computed).map(|field| field.name).collect();
    let Some(computed) = shape.resource.computed.filter(|_| !wanted.is_empty() && !keys.is_empty()) else {
        return Ok(values);
    };
    if !shape.resource.id.is_external() {
        computed.load(conn, Ask { caller, keys, wanted: &wanted }, &mut values)?;
        return Ok(values);
    }
    let numbers = numbers(conn, caller, shape.resource, keys)?;
    let own: Vec<Key> = numbers.iter().map(|(number, _)| number.clone()).collect();
    computed.load(conn, Ask { caller, keys: &own, wanted: &wanted }, &mut values)?;
    Ok(values.under(&numbers))
}

/// The numbers of records that go by external ids, each with that id.
fn numbers(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<Vec<(Key, Key)>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT t0.").ident(resource.id.referenced).raw(", t0.").ident(resource.id.column);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    Conditions::new(caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND t0.").ident(resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let found = sql.collect(conn, |row| -> Result<_, Error> {
        Ok((row.key(0, IdKind::Integer)?, row.key(1, resource.id.kind)?))
    })?;
    Ok(found.into_iter().filter_map(|(number, key)| Some((number?, key?))).collect())
}
