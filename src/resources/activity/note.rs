//! `notes`: what users write down about records.

use crate::engine::field::{date_time, long_text};
use crate::engine::relation::{Relation, any_of, through, to_one};
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::activity::authorship::AuthoredRules;
use crate::resources::activity::comment::comments;
use crate::resources::catalog::{CATEGORY, PRODUCT};
use crate::resources::customer::{CUSTOMER, CUSTOMER_GROUP, CUSTOMER_USER, CUSTOMER_USER_ROLE, PAYMENT_TERM};
use crate::resources::pricing::PRICE_LIST;
use crate::resources::sales::ORDER;
use crate::resources::system::{FILE, ORGANIZATION, USER};

/// What a note can be about. Each of them has [`notes`].
static TARGETS: &[&Resource] = &[
    &CUSTOMER,
    &CUSTOMER_GROUP,
    &CUSTOMER_USER_ROLE,
    &CUSTOMER_USER,
    &CATEGORY,
    &ORDER,
    &PAYMENT_TERM,
    &PRICE_LIST,
    &PRODUCT,
];

static RELATIONS: &[Relation] = &[
    to_one("updatedBy", &USER, "updated_by_id").about("Who changed the note last; the caller where none is sent."),
    to_one("owner", &USER, "owner_id").not_null(),
    to_one("organization", &ORGANIZATION, "organization_id").not_null(),
    to_one("attachment", &FILE, "attachment_id").cascade(),
    comments("note_id"),
    any_of("activityTargets", TARGETS).required(1).about("The records that the note is about."),
    through("activityTargets.customers", &CUSTOMER, "note_customer", "note_id", "customer_id").hidden(),
    through("activityTargets.customergroups", &CUSTOMER_GROUP, "note_customer_group", "note_id", "customer_group_id")
        .hidden(),
    through(
        "activityTargets.customeruserroles",
        &CUSTOMER_USER_ROLE,
        "note_customer_user_role",
        "note_id",
        "customer_user_role_id",
    )
    .hidden(),
    through("activityTargets.customerusers", &CUSTOMER_USER, "note_customer_user", "note_id", "customer_user_id")
        .hidden(),
    through("activityTargets.categories", &CATEGORY, "note_category", "note_id", "category_id").hidden(),
    through("activityTargets.orders", &ORDER, "note_sales_order", "note_id", "order_id").hidden(),
    through("activityTargets.paymentterms", &PAYMENT_TERM, "note_payment_term", "note_id", "payment_term_id").hidden(),
    through("activityTargets.pricelists", &PRICE_LIST, "note_price_list", "note_id", "price_list_id").hidden(),
    through("activityTargets.products", &PRODUCT, "note_product", "note_id", "product_id").hidden(),
];

pub static NOTE: Resource = Resource::new("notes", "note")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .no_title()
    .rules(&AuthoredRules)
    .about("What a user has written down about one or several records.")
    .fields(&[
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        long_text("message").required(),
    ])
    .relations(RELATIONS);

/// The notes about the records of a resource, in the join table with that column for them.
pub const fn notes(table: &'static str, column: &'static str) -> Relation {
    through("activityNotes", &NOTE, table, column, "note_id").no_filter().no_sort()
}
