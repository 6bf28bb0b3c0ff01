//! What roles grant: permissions, how far each reaches, and all of them together.

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
    /// Records of the caller's business units; in the storefront, of the caller's customer (`department`).
    BusinessUnit,
    /// Those, and of the units or customers below them.
    Division,
    Organization,
}

impl Level {
    pub const ALL: [Level; 5] = [Level::None, Level::User, Level::BusinessUnit, Level::Division, Level::Organization];

    /// What a role of customer users may say: they have a customer where users have business units.
    pub const OF_CUSTOMER_USERS: [(&'static str, Level); 4] = [
        ("none", Level::None),
        ("user", Level::User),
        ("department", Level::BusinessUnit),
        ("division", Level::Division),
    ];

    /// The name in a user role's `permissions`.
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

    /// The level that a role of customer users names so.
    pub fn parse_of_customer_users(name: &str) -> Option<Level> {
        Level::OF_CUSTOMER_USERS.into_iter().find_map(|(own, level)| (own == name).then_some(level))
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
        self.grant_each(permissions, Level::parse);
    }

    /// As [`Permissions::grant_all`], for a role of customer users: `{"orders": {"VIEW": "department"}}`.
    pub fn grant_all_of_customer_users(&mut self, permissions: &serde_json::Value) {
        self.grant_each(permissions, Level::parse_of_customer_users);
    }

    fn grant_each(&mut self, permissions: &serde_json::Value, parse: impl Fn(&str) -> Option<Level>) {
        for (resource, levels) in permissions.as_object().into_iter().flatten() {
            for (permission, level) in levels.as_object().into_iter().flatten() {
                let level = level.as_str().and_then(&parse);
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
