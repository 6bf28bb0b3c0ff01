//! The descriptors against themselves and against the migrated database.

mod engine_is_pure;
mod is_sound;
mod matches_database;

use entrepot::engine::registry::Registry;

/// Both APIs.
fn registries() -> [Registry; 2] {
    [
        Registry::new("admin", "/admin/api", entrepot::resources::ALL),
        Registry::new("storefront", "/api", entrepot::storefront::ALL),
    ]
}
