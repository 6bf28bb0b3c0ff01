//! Which changes a caller sees: those of records that the caller may view, judged by the owner that the change row has.
//!
//! The rights are those of [`acl::scope`]. What it compares with the owner of a record is compared with the owner in the
//! change row; a part has its parent's there. A record whose owner changed leaves the view of some callers and enters
//! that of others: then the owner before counts as well.

use std::collections::BTreeSet;

use crate::acl::{self, Caller, Permission};
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;

/// Parts of parts end somewhere.
const LONGEST_CHAIN: u8 = 8;

/// What a caller sees of the changes of some types.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Types of which every record may be viewed.
    whole: Vec<&'static str>,
    /// Types of whose records those may be viewed whose owner passes the test.
    by_owner: Vec<(Owned, Vec<&'static str>)>,
}

/// Whose a record has to be.
#[derive(Clone, Debug, PartialEq)]
enum Owned {
    ByUser(Test),
    ByUnit(Test),
}

impl Sight {
    /// What the caller sees of those types.
    pub fn of(caller: &Caller, resources: impl IntoIterator<Item = &'static Resource>) -> Sight {
        let mut sight = Sight::default();
        for resource in resources {
            match reach(resource, caller, 0) {
                Reach::Nothing => {}
                Reach::Whole => sight.whole.push(resource.name),
                Reach::Owned(owned) => match sight.by_owner.iter_mut().find(|(known, _)| *known == owned) {
                    Some((_, names)) => names.push(resource.name),
                    None => sight.by_owner.push((owned, vec![resource.name])),
                },
            }
        }
        sight
    }

    /// Whether nothing is seen.
    pub fn is_blind(&self) -> bool {
        self.whole.is_empty() && self.by_owner.is_empty()
    }

    /// The types of which something is seen, each once.
    pub fn types(&self) -> Vec<&'static str> {
        let types: BTreeSet<_> = self.whole.iter().chain(self.by_owner.iter().flat_map(|(_, names)| names)).collect();
        types.into_iter().copied().collect()
    }

    /// Whether what is seen depends on owners.
    pub fn is_limited(&self) -> bool {
        !self.by_owner.is_empty()
    }

    /// Whether the change row `t0` is seen by the owner it has.
    pub fn after(&self, sql: &mut Sql, conditions: &mut Conditions<'_>) {
        self.condition(sql, conditions, [Ident::new("owner_id"), Ident::new("business_unit_id")]);
    }

    /// Whether it is seen by the owner that the record had before.
    pub fn before(&self, sql: &mut Sql, conditions: &mut Conditions<'_>) {
        self.condition(sql, conditions, [Ident::new("old_owner_id"), Ident::new("old_business_unit_id")]);
    }

    fn condition(&self, sql: &mut Sql, conditions: &mut Conditions<'_>, [user, unit]: [Ident; 2]) {
        sql.raw("(");
        among(sql, &self.whole);
        for (owned, names) in &self.by_owner {
            sql.raw(" OR (");
            among(sql, names);
            let (column, test) = match owned {
                Owned::ByUser(test) => (user, test),
                Owned::ByUnit(test) => (unit, test),
            };
            sql.raw(" AND ");
            conditions.test_column(sql, 0, column, test);
            sql.raw(")");
        }
        sql.raw(")");
    }
}

fn among(sql: &mut Sql, names: &[&'static str]) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    sql.column(0, Ident::new("resource")).raw(" = ANY(").bind(Value::Texts(names)).raw(")");
}

enum Reach {
    Nothing,
    Whole,
    Owned(Owned),
}

/// As far as the owner decides. Where something else decides as well, nothing is seen.
fn reach(resource: &'static Resource, caller: &Caller, depth: u8) -> Reach {
    if let Ownership::Part(parents) = resource.ownership {
        let mut above = parents.iter().filter_map(|name| resource.relation(name)).map(|relation| relation.target);
        return match above.next() {
            // The row tells whose the parent is, not of which type it is.
            Some(parent) if depth < LONGEST_CHAIN && above.all(|other| other == parent) => {
                reach(parent, caller, depth + 1)
            }
            _ => Reach::Nothing,
        };
    }
    match (resource.ownership, acl::scope(resource, Permission::View, caller)) {
        (_, Some(Predicate::True)) => Reach::Whole,
        (Ownership::User(owner), Some(Predicate::Test(Operand::Column(column), test))) if column == owner => {
            Reach::Owned(Owned::ByUser(test))
        }
        (Ownership::BusinessUnit(owner), Some(Predicate::Test(Operand::Column(column), test))) if column == owner => {
            Reach::Owned(Owned::ByUnit(test))
        }
        _ => Reach::Nothing,
    }
}
