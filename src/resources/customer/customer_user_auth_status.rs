//! `customeruserauthstatuses`: the states of the accounts of customer users, seeded.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static CUSTOMER_USER_AUTH_STATUS: Resource = choices("customeruserauthstatuses", "customer_user_auth_status")
    .example_id("active")
    .about("The state of a customer user's account: `active`; `reset`, until there is a new password; `locked`. Only who is `active` is let in.");
