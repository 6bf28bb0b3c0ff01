//! `orderstatuses`.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static ORDER_STATUS: Resource = choices("orderstatuses", "order_status")
    .example_id("open")
    .about("The statuses that an external system, such as an ERP, gives orders.");
