//! What the routes of a resource allow.

/// What the routes of a resource allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions {
    pub list: bool,
    pub get: bool,
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    pub delete_list: bool,
}

/// Everything.
pub const ALL_ACTIONS: Actions =
    Actions { list: true, get: true, create: true, update: true, delete: true, delete_list: true };
/// Lists and items.
pub const READ_ONLY: Actions =
    Actions { list: true, get: true, create: false, update: false, delete: false, delete_list: false };
/// Lists, items, POST and PATCH.
pub const NO_DELETE: Actions =
    Actions { list: true, get: true, create: true, update: true, delete: false, delete_list: false };
/// Lists, items and PATCH.
pub const READ_AND_UPDATE: Actions =
    Actions { list: true, get: true, create: false, update: true, delete: false, delete_list: false };
