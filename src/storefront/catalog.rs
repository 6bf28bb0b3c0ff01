//! The catalogue: what is for sale, in the caller's language and at the caller's prices.

pub mod brand;
pub mod category;
pub mod inventory_status;
pub mod kit_item;
pub mod product;
pub mod product_family;
pub mod product_image;
pub mod product_unit;

pub use self::brand::BRAND;
pub use self::category::{CATEGORY, CATEGORY_NODE};
pub use self::inventory_status::INVENTORY_STATUS;
pub use self::kit_item::{KIT_ITEM, KIT_ITEM_PRODUCT};
pub use self::product::PRODUCT;
pub use self::product_family::PRODUCT_FAMILY;
pub use self::product_image::PRODUCT_IMAGE;
pub use self::product_unit::PRODUCT_UNIT;
