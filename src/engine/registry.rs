//! The resources of one API under its root path.

use std::collections::HashMap;

use super::resource::Resource;

/// One API: back office (`/admin/api`) or storefront (`/api`).
pub struct Registry {
    /// `admin` or `storefront`: the word in configuration, tokens and metrics.
    pub name: &'static str,
    /// The path before the resource type, without a slash at the end.
    pub root: String,
    /// Sorted by type.
    pub resources: &'static [&'static Resource],
    /// Whether the changes of its records can be followed.
    pub changes: bool,
    /// Whether many records can be sent at once, by PATCH on a collection.
    batches: bool,
    by_name: HashMap<&'static str, &'static Resource>,
}

impl Registry {
    pub fn new(name: &'static str, root: impl Into<String>, resources: &'static [&'static Resource]) -> Registry {
        let by_name = resources.iter().map(|resource| (resource.name, *resource)).collect();
        Registry { name, root: root.into(), resources, changes: false, batches: false, by_name }
    }

    /// The changes of its records can be followed, at `/changes`.
    pub fn with_changes(self) -> Registry {
        Registry { changes: true, ..self }
    }

    /// Many records can be sent at once, by PATCH on a collection.
    pub fn with_batches(self) -> Registry {
        Registry { batches: true, ..self }
    }

    /// Whether the resource's collection takes many records at once.
    pub fn takes_batches(&self, resource: &Resource) -> bool {
        let actions = resource.actions;
        self.batches && !resource.singleton && !resource.no_batches && (actions.create || actions.update)
    }

    /// Whether records of the type are only seen inside of others.
    pub fn is_nested(&self, name: &str) -> bool {
        self.resources.iter().any(|resource| resource.nested.contains(&name))
    }

    /// The resource of that type, if it is exposed here.
    pub fn get(&self, name: &str) -> Option<&'static Resource> {
        self.by_name.get(name).copied()
    }
}
