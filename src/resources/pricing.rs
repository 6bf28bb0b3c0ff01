//! Price lists and the prices in them.

pub mod price_list;
pub mod product_price;

pub use self::price_list::PRICE_LIST;
pub use self::product_price::PRODUCT_PRICE;
