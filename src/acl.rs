//! Who may do what: roles give a level per resource and permission; ownership and level become a predicate.
//!
//! Input: a [`Caller`] (made by `auth`) and what it wants to read or write. Output: an [`Authorized`] plan, which is
//! the only thing that `load` and `write` accept, or the contract's 403 (section 23).

use std::collections::HashMap;

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

/// The levels of one role, or of all roles of a caller together: resource type → permission → level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(HashMap<String, [Level; 5]>);

impl Permissions {
    /// The level for a resource type; [`Level::None`] when no role speaks of it.
    pub fn level(&self, resource: &str, permission: Permission) -> Level {
        self.0.get(resource).map_or(Level::None, |levels| levels[permission as usize])
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
}
