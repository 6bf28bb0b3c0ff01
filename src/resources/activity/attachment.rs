//! `attachments`: files attached to records.

mod rules;

use self::rules::AttachmentRules;
use crate::engine::field::{date_time, long_text};
use crate::engine::filter::{COMPARISON, FilterSpec};
use crate::engine::relation::{Relation, one_of, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::catalog::PRODUCT;
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER};
use crate::resources::sales::ORDER;
use crate::resources::system::{FILE, ORGANIZATION, USER};

/// What files can be attached to. Each of them has [`attachments`].
static TARGETS: &[&Resource] = &[&CUSTOMER, &CUSTOMER_USER, &ORDER, &PRODUCT];

static RELATIONS: &[Relation] = &[
    one_of("target", TARGETS).required(1).about("The record that the file is attached to."),
    to_one("target.customers", &CUSTOMER, "customer_id").hidden(),
    to_one("target.customerusers", &CUSTOMER_USER, "customer_user_id").hidden(),
    to_one("target.orders", &ORDER, "order_id").hidden(),
    to_one("target.products", &PRODUCT, "product_id").hidden(),
    to_one("organization", &ORGANIZATION, "organization_id").not_null(),
    to_one("file", &FILE, "file_id").required(1).cascade(),
    to_one("owner", &USER, "owner_id").not_null(),
];

pub static ATTACHMENT: Resource = Resource::new("attachments", "attachment")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .no_title()
    .rules(&AttachmentRules)
    .about("A file attached to a record. It goes with the record, and the file with it.")
    .fields(&[
        long_text("comment"),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(RELATIONS);

/// The files attached to the records of a resource, which have that column for them.
pub const fn attachments(column: &'static str) -> Relation {
    to_many("attachments", &ATTACHMENT, column).along().filter(FilterSpec::new(COMPARISON).lists().ranges())
}
