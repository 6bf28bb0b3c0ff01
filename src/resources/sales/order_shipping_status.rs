//! `ordershippingstatuses`.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static ORDER_SHIPPING_STATUS: Resource = choices("ordershippingstatuses", "order_shipping_status")
    .example_id("not_shipped")
    .about("How far an order has been shipped.");
