//! `orderinternalstatuses`.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static ORDER_INTERNAL_STATUS: Resource = choices("orderinternalstatuses", "order_internal_status")
    .example_id("open")
    .about("The statuses that the server gives orders.");
