//! `customeruserauthstatuses`: the states of the accounts of customer users, seeded.

use crate::engine::field::{boolean, integer, text};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};

pub static CUSTOMER_USER_AUTH_STATUS: Resource = Resource::new("customeruserauthstatuses", "customer_user_auth_status")
    .global()
    .text_id("id")
    .id_filter_list()
    .example_id("active")
    .owned_by(Ownership::Reference)
    .actions(READ_ONLY)
    .title(Title::Columns(&[Ident::new("name")]))
    .about("The state of a customer user's account: `active`; `reset`, until there is a new password; `locked`. Only who is `active` is let in.")
    .fields(&[
        text("name").not_null().read_only(),
        integer("priority").not_null().read_only().filter().sort(),
        boolean("default").column("is_default").not_null().read_only(),
    ]);
