//! What carriers ask of products: weights, sizes, freight classes.

pub mod conversion;
pub mod freight_class;
pub mod length_unit;
pub mod product_shipping_options;
pub mod weight_unit;

pub use self::freight_class::FREIGHT_CLASS;
pub use self::length_unit::LENGTH_UNIT;
pub use self::product_shipping_options::PRODUCT_SHIPPING_OPTIONS;
pub use self::weight_unit::WEIGHT_UNIT;
