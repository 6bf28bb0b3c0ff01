//! Who may do what: roles give a level per resource and permission; ownership and level become a predicate.
//!
//! Input: a [`Caller`] (made by `auth`) and what it wants to read or write. Output: an [`Authorized`] plan, which is
//! the only thing that `load` and `write` accept, or the contract's 403 (section 23).

mod caller;
mod permissions;

use std::collections::HashSet;

use diesel::pg::PgConnection;

pub use caller::{Caller, CustomerUser, Locale, Principal, User};
pub use permissions::{EVERY_RESOURCE, Level, Permission, Permissions};

use crate::engine::key::Key;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::Link;
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::{Value, key_array};
use crate::error::Error;

/// A plan that the caller may carry out: the only thing that `load` and `write` accept. The rights on single records
/// are not decided here: every statement built from the plan binds the caller's [`scope`] of each resource it reads.
pub struct Authorized<'c, T> {
    plan: T,
    caller: &'c Caller,
}

impl<'c, T> Authorized<'c, T> {
    pub fn plan(&self) -> &T {
        &self.plan
    }

    pub fn caller(&self) -> &'c Caller {
        self.caller
    }

    pub fn into_plan(self) -> T {
        self.plan
    }
}

/// What a plan needs.
pub trait Needs {
    /// The resource types and permissions without which the plan is refused as a whole.
    fn needs(&self) -> Vec<(&'static Resource, Permission)>;
}

/// The plan, if the caller has some access to every type it needs; else 403 `No access to this type of entities.`
pub fn authorize<T: Needs>(plan: T, caller: &Caller) -> Result<Authorized<'_, T>, Error> {
    for (resource, permission) in plan.needs() {
        if scope(resource, permission, caller).is_none() {
            return Err(Error::no_access_to_type());
        }
    }
    Ok(Authorized { plan, caller })
}

/// A plan that reads nothing but the ids at the end of a relationship whose owner the caller may view: no access to
/// their type means an empty list, not a refusal.
pub fn authorize_linkage<T>(plan: T, caller: &Caller) -> Authorized<'_, T> {
    Authorized { plan, caller }
}

/// Which records of a resource the caller has a permission for, within the caller's organization. `None`: the caller has
/// no access to the type at all. [`Predicate::True`]: every record.
pub fn scope(resource: &'static Resource, permission: Permission, caller: &Caller) -> Option<Predicate> {
    let reached = reach(resource, permission, caller, 0)?;
    if !resource.id.nullable {
        return Some(reached);
    }
    // What has no id cannot be shown.
    Some(Predicate::all([reached, Predicate::Test(Operand::Id, Test::NotNull)]))
}

/// Whether the caller's permission for a resource stops at some records, or at all of them.
pub fn is_limited(resource: &'static Resource, permission: Permission, caller: &Caller) -> bool {
    scope(resource, permission, caller) != Some(Predicate::True)
}

/// Parts of parts end somewhere; a chain longer than this is a mistake in the descriptors and gives nothing.
const LONGEST_CHAIN: u8 = 8;

fn reach(resource: &'static Resource, permission: Permission, caller: &Caller, depth: u8) -> Option<Predicate> {
    let level = caller.permissions.level(resource.name, permission);
    let own = match (resource.ownership, &caller.principal) {
        _ if resource.singleton => {
            return caller.user().map(|user| Predicate::Test(Operand::Id, Test::Eq(Value::Integer(user.id))));
        }
        (_, Principal::Visitor(_)) if !resource.public || permission != Permission::View => None,
        (Ownership::Reference, _) if permission == Permission::View => Some(Predicate::True),
        (Ownership::Part(parents), _) => by_parents(resource, parents, permission, caller, depth),
        (Ownership::AllOf(sources), _) => by_sources(resource, sources, permission, caller, depth),
        (Ownership::Reference | Ownership::Organization, Principal::User(_)) => {
            (level == Level::Organization).then_some(Predicate::True)
        }
        (Ownership::User(column), Principal::User(user)) => by_user(column, level, user),
        (Ownership::BusinessUnit(column), Principal::User(user)) => by_unit(column, level, user),
        (Ownership::Customer { column, shared }, Principal::CustomerUser(user)) => by_customer(column, level, user)
            .map(|own| match (shared, permission) {
                (true, Permission::View) => Predicate::any([own, Predicate::Test(Operand::Column(column), Test::Null)]),
                _ => own,
            }),
        (Ownership::CustomerUser { user, customer }, Principal::CustomerUser(who)) => match level {
            Level::User => Some(Predicate::Test(Operand::Column(user), Test::Eq(Value::Integer(who.id)))),
            _ => by_customer(customer, level, who),
        },
        _ => None,
    };
    own.map(|own| Predicate::all(resource.only.iter().map(Predicate::condition).chain([own])))
}

fn by_user(column: Ident, level: Level, user: &User) -> Option<Predicate> {
    let of_units = |units: &[i64]| Test::Among {
        table: Ident::new("app_user_business_unit"),
        pick: Ident::new("user_id"),
        by: Ident::new("business_unit_id"),
        values: units.to_vec(),
        also: user.id,
    };
    let test = match level {
        Level::None => return None,
        Level::User => Test::Eq(Value::Integer(user.id)),
        Level::BusinessUnit => of_units(&user.business_units),
        Level::Division => of_units(&user.division),
        Level::Organization => return Some(Predicate::True),
    };
    Some(Predicate::Test(Operand::Column(column), test))
}

fn by_unit(column: Ident, level: Level, user: &User) -> Option<Predicate> {
    let units = match level {
        Level::None | Level::User => return None,
        Level::BusinessUnit => &user.business_units,
        Level::Division => &user.division,
        Level::Organization => return Some(Predicate::True),
    };
    Some(Predicate::Test(Operand::Column(column), Test::In(Value::Integers(units.clone()))))
}

/// Nobody in the storefront reaches beyond the own customer and those below it.
fn by_customer(column: Ident, level: Level, user: &CustomerUser) -> Option<Predicate> {
    let test = match level {
        Level::None | Level::User => return None,
        Level::BusinessUnit => Test::Eq(Value::Integer(user.customer)),
        Level::Division | Level::Organization => Test::In(Value::Integers(user.division.clone())),
    };
    Some(Predicate::Test(Operand::Column(column), test))
}

/// A part is reached through the first of its parents that is set.
fn by_parents(
    part: &'static Resource,
    parents: &[&str],
    permission: Permission,
    caller: &Caller,
    depth: u8,
) -> Option<Predicate> {
    if depth >= LONGEST_CHAIN {
        return None;
    }
    // To add, change or remove a part is to edit its parent.
    let permission = if permission == Permission::View { permission } else { Permission::Edit };
    let relations: Vec<_> = parents.iter().filter_map(|name| part.relation(name)).collect();
    let reaches: Vec<_> =
        relations.iter().map(|relation| reach(relation.target, permission, caller, depth + 1)).collect();
    if reaches.iter().all(Option::is_none) {
        return None;
    }
    if reaches.iter().all(|reach| *reach == Some(Predicate::True)) {
        return Some(Predicate::True);
    }
    let mut ways = Vec::new();
    let mut earlier = Vec::new();
    for (relation, reach) in relations.into_iter().zip(reaches) {
        let linked = |inner| match (&relation.link, &inner) {
            (Link::ToOne { column, .. }, Predicate::True) => Predicate::Test(Operand::Column(*column), Test::NotNull),
            _ => Predicate::Related { relation, target: relation.target, inner: Box::new(inner), scoped: false },
        };
        if let Some(inner) = reach {
            ways.push(Predicate::all(earlier.iter().cloned().chain([linked(inner)])));
        }
        earlier.push(match relation.link {
            Link::ToOne { column, .. } => Predicate::Test(Operand::Column(column), Test::Null),
            _ => linked(Predicate::True).negate(),
        });
    }
    Some(Predicate::any(ways))
}

/// What is computed from records is viewed by who may view all of them.
fn by_sources(
    computed: &'static Resource,
    sources: &[&str],
    permission: Permission,
    caller: &Caller,
    depth: u8,
) -> Option<Predicate> {
    if depth >= LONGEST_CHAIN || permission != Permission::View {
        return None;
    }
    let relations = sources.iter().filter_map(|name| computed.relation(name));
    let all: Option<Vec<Predicate>> = relations
        .map(|relation| {
            Some(match reach(relation.target, permission, caller, depth + 1)? {
                Predicate::True => Predicate::True,
                inner => {
                    Predicate::Related { relation, target: relation.target, inner: Box::new(inner), scoped: false }
                }
            })
        })
        .collect();
    Some(Predicate::all(all?))
}

/// Those of the records that exist in the caller's organization and for which the caller has the permission.
pub fn allowed_keys(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    permission: Permission,
    keys: &[Key],
) -> Result<HashSet<Key>, Error> {
    let Some(scope) = scope(resource, permission, caller) else { return Ok(HashSet::new()) };
    select_keys(conn, caller, resource, &scope, keys)
}

/// Those of the records that exist in the caller's organization, whatever the caller's rights.
pub fn existing_keys(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<HashSet<Key>, Error> {
    select_keys(conn, caller, resource, &Predicate::True, keys)
}

fn select_keys(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    scope: &Predicate,
    keys: &[Key],
) -> Result<HashSet<Key>, Error> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let mut conditions = Conditions::new(caller);
    let mut sql = Sql::new();
    sql.raw("SELECT ");
    sql.key_columns(0, resource);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    conditions.tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    conditions.and(&mut sql, resource, 0, scope);
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.key(0, resource.id.kind)?) })?;
    // A composite id whose suffix differs names no record.
    Ok(found.into_iter().flatten().filter(|key| keys.contains(key)).collect())
}
