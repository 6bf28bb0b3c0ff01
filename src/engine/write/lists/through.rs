//! Lists in a join table.

use std::collections::HashMap;

use super::{Difference, Left, Stated, check_count, check_editable, difference};
use crate::acl::Permission;
use crate::engine::column::Column;
use crate::engine::key::Key;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Ident};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::JOIN_TENANT;
use crate::engine::value::{Value, key_array};
use crate::engine::write::references::existing;
use crate::engine::write::{Batch, failure, lock, unions};
use crate::error::{Error, Errors};

/// The rows of a join table that one relationship is stored in.
struct Join {
    table: Ident,
    own: Ident,
    target: Ident,
    slot: Option<(Ident, &'static str)>,
    /// `None`: shared by all organizations.
    organization: Option<i64>,
}

/// Brings the lists to what is stated of them, and tells what has left them.
pub(super) fn store(
    batch: &mut Batch<'_>,
    relation: &'static Relation,
    stated: Vec<Stated>,
) -> Result<Vec<Left>, Errors> {
    let Link::Through { table, own, target, slot } = relation.link else { return Ok(Vec::new()) };
    let Some(first) = stated.first() else { return Ok(Vec::new()) };
    let resource = batch.node(first.node).resource;
    let tenant = resource.tenant.is_some() || relation.target.tenant.is_some();
    let join = Join { table, own, target, slot, organization: tenant.then(|| batch.organization()) };
    let known: Vec<Key> = stated.iter().filter(|one| !one.creates).map(|one| one.key.clone()).collect();
    let stored = join.stored(batch, &known, (resource.id.kind, relation.target.id.kind))?;
    let held = |one: &Stated| stored.get(&one.key).map_or(&[][..], Vec::as_slice);
    let mut differences: Vec<Difference> = stated.iter().map(|one| difference(&one.linkage, held(one))).collect();
    if unions::beyond(relation).is_some() {
        keep_hidden(batch, relation, &stated, &mut differences)?;
    }
    let counts = stated.iter().zip(&differences);
    let short = counts.filter_map(|(one, difference)| {
        let count = held(one).len() - difference.gone.len() + difference.new.len();
        check_count(batch, one, relation, count)
    });
    Errors::check(short.collect())?;
    let pairs = |of: fn(&Difference) -> &[Key]| -> Vec<(&Key, &Key)> {
        let each = stated.iter().zip(&differences);
        each.flat_map(|(one, difference)| of(difference).iter().map(move |key| (&one.key, key))).collect()
    };
    join.remove(batch, &pairs(|difference| &difference.gone))?;
    let linking: Vec<usize> = stated
        .iter()
        .zip(&differences)
        .filter(|(_, difference)| !difference.new.is_empty())
        .map(|(one, _)| one.node)
        .collect();
    join.add(batch, &pairs(|difference| &difference.new), relation, &linking)?;
    let mut left = Vec::new();
    for (Stated { node, .. }, Difference { gone, new }) in stated.into_iter().zip(differences) {
        if !gone.is_empty() || !new.is_empty() {
            batch.node_mut(node).changed.insert(relation.name);
        }
        left.push(Left { node, keys: gone });
    }
    Ok(left)
}

/// The links are those of the records at the other end, which change. What is hidden from the caller stays.
fn keep_hidden(
    batch: &mut Batch<'_>,
    relation: &'static Relation,
    stated: &[Stated],
    differences: &mut [Difference],
) -> Result<(), Errors> {
    let gone = |differences: &[Difference]| -> Vec<Key> {
        differences.iter().flat_map(|difference| &difference.gone).cloned().collect()
    };
    let every = gone(differences);
    if every.is_empty() {
        return Ok(());
    }
    let seen = existing(batch.conn, batch.context, relation.target, Permission::View, &every)?;
    for difference in &mut *differences {
        difference.gone.retain(|key| seen.get(key) == Some(&true));
    }
    let each = stated.iter().zip(&*differences).map(|(one, difference)| (one.node, difference.gone.as_slice()));
    Errors::check(check_editable(batch, relation, &each.collect::<Vec<_>>())?)?;
    lock::lock(batch.conn, batch.context, relation.target, Permission::Edit, &gone(differences))?;
    Ok(())
}

impl Join {
    /// ` AND …`: the rows of the organization and of the relationship.
    fn and_own_rows(&self, sql: &mut Sql) {
        if let Some(organization) = self.organization {
            sql.raw(" AND ").column(0, JOIN_TENANT).raw(" = ").bind(Value::Integer(organization));
        }
        if let Some((column, word)) = self.slot {
            sql.raw(" AND ").column(0, column).raw(" = ").bind(Value::Text(word.to_owned()));
        }
    }

    /// What the lists of some records hold.
    fn stored(
        &self,
        batch: &mut Batch<'_>,
        owners: &[Key],
        kinds: (IdKind, IdKind),
    ) -> Result<HashMap<Key, Vec<Key>>, Error> {
        let mut stored: HashMap<Key, Vec<Key>> = HashMap::new();
        if owners.is_empty() {
            return Ok(stored);
        }
        let mut sql = Sql::new();
        sql.raw("SELECT ").column(0, self.own).raw(", ").column(0, self.target).raw(" FROM ").ident(self.table);
        sql.raw(" AS t0 WHERE ").column(0, self.own).raw(" = ANY(").bind(key_array(owners)).raw(")");
        self.and_own_rows(&mut sql);
        sql.for_each(batch.conn, |row| -> Result<(), Error> {
            if let (Some(owner), Some(target)) = (row.key(0, kinds.0)?, row.key(1, kinds.1)?) {
                stored.entry(owner).or_default().push(target);
            }
            Ok(())
        })?;
        Ok(stored)
    }

    fn remove(&self, batch: &mut Batch<'_>, pairs: &[(&Key, &Key)]) -> Result<(), Errors> {
        if pairs.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new();
        sql.raw("DELETE FROM ").ident(self.table).raw(" AS t0 USING ").rows(columns(pairs)?).raw(" AS v (own, target)");
        sql.raw(" WHERE ").column(0, self.own).raw(" = v.own AND ").column(0, self.target).raw(" = v.target");
        self.and_own_rows(&mut sql);
        sql.execute(batch.conn)?;
        Ok(())
    }

    fn add(
        &self,
        batch: &mut Batch<'_>,
        pairs: &[(&Key, &Key)],
        relation: &Relation,
        nodes: &[usize],
    ) -> Result<(), Errors> {
        if pairs.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new();
        sql.raw("INSERT INTO ").ident(self.table).raw(" (").ident(self.own).raw(", ").ident(self.target);
        if self.organization.is_some() {
            sql.raw(", ").ident(JOIN_TENANT);
        }
        if let Some((column, _)) = self.slot {
            sql.raw(", ").ident(column);
        }
        sql.raw(") SELECT v.own, v.target");
        if let Some(organization) = self.organization {
            sql.raw(", ").bind(Value::Integer(organization));
        }
        if let Some((_, word)) = self.slot {
            sql.raw(", ").bind(Value::Text(word.to_owned()));
        }
        sql.raw(" FROM ").rows(columns(pairs)?).raw(" AS v (own, target) ON CONFLICT DO NOTHING");
        sql.execute(batch.conn).map_err(|error| failure::explain_link(batch, nodes, relation, error))?;
        Ok(())
    }
}

fn columns(pairs: &[(&Key, &Key)]) -> Result<[Column; 2], Error> {
    Ok([Column::of_keys(pairs.iter().map(|(own, _)| *own))?, Column::of_keys(pairs.iter().map(|(_, target)| *target))?])
}
