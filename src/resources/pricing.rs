//! Price lists, the prices in them, for whom and when they hold, and the prices that customers get.

mod assignment;
pub mod customer_price;
mod fallback;
pub mod following;
pub mod price_list;
pub mod price_list_customer_fallback;
pub mod price_list_customer_group_fallback;
pub mod price_list_schedule;
pub mod price_list_to_customer;
pub mod price_list_to_customer_group;
pub mod price_list_to_website;
pub mod price_rule;
pub mod product_price;

pub use self::customer_price::CUSTOMER_PRICE;
pub use self::price_list::PRICE_LIST;
pub use self::price_list_customer_fallback::PRICE_LIST_CUSTOMER_FALLBACK;
pub use self::price_list_customer_group_fallback::PRICE_LIST_CUSTOMER_GROUP_FALLBACK;
pub use self::price_list_schedule::PRICE_LIST_SCHEDULE;
pub use self::price_list_to_customer::PRICE_LIST_TO_CUSTOMER;
pub use self::price_list_to_customer_group::PRICE_LIST_TO_CUSTOMER_GROUP;
pub use self::price_list_to_website::PRICE_LIST_TO_WEBSITE;
pub use self::price_rule::PRICE_RULE;
pub use self::product_price::PRODUCT_PRICE;
