//! `userauthstatuses`: the states of user accounts, seeded.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static USER_AUTH_STATUS: Resource = choices("userauthstatuses", "user_auth_status")
    .example_id("active")
    .about("The state of a user's account: `active`; `reset`, until there is a new password; `locked`. Only who is `active` is let in.");
