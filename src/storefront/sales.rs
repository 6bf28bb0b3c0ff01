//! The orders of the caller and the caller's customers.

pub mod order;
pub mod order_address;
pub mod order_kit_item_line_item;
pub mod order_line_item;
pub mod order_shipping_status;
pub mod order_status;

pub use self::order::ORDER;
pub use self::order_address::ORDER_ADDRESS;
pub use self::order_kit_item_line_item::ORDER_KIT_ITEM_LINE_ITEM;
pub use self::order_line_item::ORDER_LINE_ITEM;
pub use self::order_shipping_status::ORDER_SHIPPING_STATUS;
pub use self::order_status::ORDER_STATUS;
