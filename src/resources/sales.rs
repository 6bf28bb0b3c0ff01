//! Orders: the order itself, its parts, and its statuses.

mod line_product;
pub mod order;
pub mod order_address;
pub mod order_discount;
pub mod order_internal_status;
pub mod order_kit_item_line_item;
pub mod order_line_item;
pub mod order_shipping_status;
pub mod order_shipping_tracking;
pub mod order_status;
pub mod order_subtotal;
mod pricing;

pub use self::order::ORDER;
pub use self::order_address::ORDER_ADDRESS;
pub use self::order_discount::ORDER_DISCOUNT;
pub use self::order_internal_status::ORDER_INTERNAL_STATUS;
pub use self::order_kit_item_line_item::ORDER_KIT_ITEM_LINE_ITEM;
pub use self::order_line_item::ORDER_LINE_ITEM;
pub use self::order_shipping_status::ORDER_SHIPPING_STATUS;
pub use self::order_shipping_tracking::ORDER_SHIPPING_TRACKING;
pub use self::order_status::ORDER_STATUS;
pub use self::order_subtotal::ORDER_SUBTOTAL;
