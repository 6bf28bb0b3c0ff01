//! Stock.

pub mod inventory_level;

pub use self::inventory_level::INVENTORY_LEVEL;
