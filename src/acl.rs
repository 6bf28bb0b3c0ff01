//! Who may do what: roles give a level per resource and permission; ownership and level become a predicate.
//!
//! Input: a [`Caller`] (made by `auth`) and what it wants to read or write. Output: an [`Authorized`] plan, which is
//! the only thing that `load` and `write` accept, or the contract's 403 (section 23).

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;

use crate::engine::key::Key;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::Link;
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::{Value, key_array};
use crate::error::Error;
use crate::network::Networks;

/// What a role permits to do with a resource's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    View,
    Create,
    Edit,
    Delete,
    /// Changing the owner.
    Assign,
}

impl Permission {
    pub const ALL: [Permission; 5] =
        [Permission::View, Permission::Create, Permission::Edit, Permission::Delete, Permission::Assign];

    /// The name on the wire: `VIEW`.
    pub const fn name(self) -> &'static str {
        match self {
            Permission::View => "VIEW",
            Permission::Create => "CREATE",
            Permission::Edit => "EDIT",
            Permission::Delete => "DELETE",
            Permission::Assign => "ASSIGN",
        }
    }

    pub fn parse(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    #[default]
    None,
    /// The caller's own records.
    User,
    /// Records of the caller's business units.
    BusinessUnit,
    /// Those, and of the units below them.
    Division,
    Organization,
}

impl Level {
    pub const ALL: [Level; 5] = [Level::None, Level::User, Level::BusinessUnit, Level::Division, Level::Organization];

    /// The name in a role's `permissions`.
    pub const fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::User => "user",
            Level::BusinessUnit => "business-unit",
            Level::Division => "division",
            Level::Organization => "organization",
        }
    }

    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// In a role's permissions: every resource type.
pub const EVERY_RESOURCE: &str = "*";

/// The levels of one role, or of all roles of a caller together: resource type → permission → level. The type `*`
/// stands for every type; where both speak, the higher level holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(HashMap<String, [Level; 5]>);

impl Permissions {
    /// The level for a resource type; [`Level::None`] when no role speaks of it.
    pub fn level(&self, resource: &str, permission: Permission) -> Level {
        let of = |name: &str| self.0.get(name).map_or(Level::None, |levels| levels[permission as usize]);
        of(resource).max(of(EVERY_RESOURCE))
    }

    /// Raises the level for a resource type to at least `level`.
    pub fn grant(&mut self, resource: &str, permission: Permission, level: Level) {
        let levels = self.0.entry(resource.to_owned()).or_default();
        let slot = &mut levels[permission as usize];
        *slot = (*slot).max(level);
    }

    /// Every grant above none.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Permission, Level)> {
        self.0.iter().flat_map(|(resource, levels)| {
            Permission::ALL
                .into_iter()
                .map(|permission| (resource.as_str(), permission, levels[permission as usize]))
                .filter(|(_, _, level)| *level > Level::None)
        })
    }

    /// Adds what a role's `permissions` grant: `{"products": {"VIEW": "organization"}}`. Words that are none of ours
    /// grant nothing; they are refused when a role is written.
    pub fn grant_all(&mut self, permissions: &serde_json::Value) {
        for (resource, levels) in permissions.as_object().into_iter().flatten() {
            for (permission, level) in levels.as_object().into_iter().flatten() {
                let level = level.as_str().and_then(Level::parse);
                if let (Some(permission), Some(level)) = (Permission::parse(permission), level) {
                    self.grant(resource, permission, level);
                }
            }
        }
    }

    /// Whether everything granted here is granted by `other` at the same level or a higher one.
    pub fn within(&self, other: &Permissions) -> bool {
        self.iter().all(|(resource, permission, level)| other.level(resource, permission) >= level)
    }
}

/// The authenticated user behind a request, in one organization.
#[derive(Clone, Debug)]
pub struct Caller {
    pub organization: i64,
    pub user: i64,
    /// The OAuth client's identifier.
    pub client: String,
    /// The unit that owns what the caller creates.
    pub business_unit: i64,
    /// The units the user belongs to.
    pub business_units: Vec<i64>,
    /// Those and the units below them.
    pub division: Vec<i64>,
    pub permissions: Permissions,
    /// From where the client may call; empty: from anywhere.
    pub networks: Networks,
}

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
    if resource.singleton {
        return Some(Predicate::Test(Operand::Id, Test::Eq(Value::Integer(caller.user))));
    }
    let level = caller.permissions.level(resource.name, permission);
    match resource.ownership {
        Ownership::Reference if permission == Permission::View => Some(Predicate::True),
        Ownership::Reference | Ownership::Organization => (level == Level::Organization).then_some(Predicate::True),
        Ownership::User(column) => by_user(column, level, caller),
        Ownership::BusinessUnit(column) => by_unit(column, level, caller),
        Ownership::Part(parents) => by_parents(resource, parents, permission, caller, depth),
        Ownership::AllOf(sources) => by_sources(resource, sources, permission, caller, depth),
    }
}

fn by_user(column: Ident, level: Level, caller: &Caller) -> Option<Predicate> {
    let of_units = |units: &[i64]| Test::Among {
        table: Ident::new("app_user_business_unit"),
        pick: Ident::new("user_id"),
        by: Ident::new("business_unit_id"),
        values: units.to_vec(),
        also: caller.user,
    };
    let test = match level {
        Level::None => return None,
        Level::User => Test::Eq(Value::Integer(caller.user)),
        Level::BusinessUnit => of_units(&caller.business_units),
        Level::Division => of_units(&caller.division),
        Level::Organization => return Some(Predicate::True),
    };
    Some(Predicate::Test(Operand::Column(column), test))
}

fn by_unit(column: Ident, level: Level, caller: &Caller) -> Option<Predicate> {
    let units = match level {
        Level::None | Level::User => return None,
        Level::BusinessUnit => &caller.business_units,
        Level::Division => &caller.division,
        Level::Organization => return Some(Predicate::True),
    };
    Some(Predicate::Test(Operand::Column(column), Test::In(Value::Integers(units.clone()))))
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
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn permissions(json: serde_json::Value) -> Permissions {
        let mut permissions = Permissions::default();
        permissions.grant_all(&json);
        permissions
    }

    #[test]
    fn the_highest_level_of_all_roles_and_of_the_star_holds() {
        let mut all = permissions(json!({"products": {"VIEW": "organization", "EDIT": "user"}}));
        all.grant_all(&json!({"products": {"VIEW": "user", "EDIT": "division"}, "*": {"DELETE": "business-unit"}}));
        assert_eq!(all.level("products", Permission::View), Level::Organization);
        assert_eq!(all.level("products", Permission::Edit), Level::Division);
        assert_eq!(all.level("products", Permission::Delete), Level::BusinessUnit);
        assert_eq!(all.level("orders", Permission::Delete), Level::BusinessUnit);
        assert_eq!(all.level("orders", Permission::View), Level::None);
    }

    #[test]
    fn within_compares_every_grant_with_the_star() {
        let star = permissions(json!({"*": {"VIEW": "organization"}}));
        let one = permissions(json!({"products": {"VIEW": "organization"}}));
        assert!(one.within(&star));
        assert!(!star.within(&one));
        assert!(!permissions(json!({"products": {"EDIT": "user"}})).within(&star));
        assert!(permissions(json!({"products": {"EDIT": "none"}})).within(&Permissions::default()));
    }

    #[test]
    fn unknown_words_grant_nothing() {
        assert_eq!(permissions(json!({"products": {"VIEW": "system", "SHARE": "user"}})).iter().count(), 0);
        assert_eq!(permissions(json!([])).iter().count(), 0);
    }
}
