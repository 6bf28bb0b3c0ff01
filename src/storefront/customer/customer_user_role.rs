//! `customeruserroles` in the storefront: the public ones, of everybody or of the caller's customers.

use crate::engine::field::{Literal, text};
use crate::engine::relation::{through, to_one};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::storefront::customer::{CUSTOMER, CUSTOMER_USER};

pub static CUSTOMER_USER_ROLE: Resource = Resource::new("customeruserroles", "customer_user_role")
    .actions(READ_ONLY)
    .owned_by(Ownership::Customer { column: Ident::new("customer_id"), shared: true })
    .only(&[(Ident::new("public"), Literal::Boolean(true))])
    .title(Title::Columns(&[Ident::new("label")]))
    .about("A role of customer users; without a customer, it is there for all of them.")
    .fields(&[
        text("role").read_only().not_null().max(255).filter().sort().indexed(),
        text("label").read_only().not_null(),
    ])
    .relations(&[
        to_one("customer", &CUSTOMER, "customer_id").read_only(),
        through(
            "customerUsers",
            &CUSTOMER_USER,
            "customer_user_customer_user_role",
            "customer_user_role_id",
            "customer_user_id",
        )
        .read_only(),
    ]);
