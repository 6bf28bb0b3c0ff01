//! A change as a resource, so that the engine renders it like any other. It is in no registry: its rows are those of
//! [`crate::feed::page`], which also says who sees them.

use crate::engine::field::{date_time, enumeration, text, text_list};
use crate::engine::relation::{polymorphic, to_one};
use crate::engine::resource::{Actions, Resource};
use crate::resources;
use crate::resources::customer::CUSTOMER_USER;
use crate::resources::integration::WEBHOOK_DELIVERY;
use crate::resources::system::{ASYNC_OPERATION, ASYNC_OPERATION_ERROR, ASYNC_OPERATION_RESULT, USER};

/// What happens to a record.
pub const ACTIONS: &[&str] = &["created", "updated", "deleted"];

/// What the server notes of its own work. How far that has come is no change of a record: it is asked for there.
const WORK: [&Resource; 4] = [&ASYNC_OPERATION, &ASYNC_OPERATION_ERROR, &ASYNC_OPERATION_RESULT, &WEBHOOK_DELIVERY];

/// Whether changes of the resource's records are told. Those of the caller's own record are told as changes of a user.
pub fn is_told(resource: &Resource) -> bool {
    !resource.singleton && !WORK.contains(&resource)
}

const NO_ROUTES: Actions =
    Actions { list: false, get: false, create: false, update: false, delete: false, delete_list: false };

/// One change of a record. Columns are those of the feed's statement.
pub static CHANGE: Resource = Resource::new("changes", "change")
    .actions(NO_ROUTES)
    .fields(&[
        text("resourceType").column("resource"),
        text("resourceId").column("record_id"),
        enumeration("action", ACTIONS),
        text_list("fields"),
        date_time("changedAt").column("at"),
        text("client"),
    ])
    .relations(&[
        polymorphic("resource", resources::ALL, "linked", "record_id").no_routes(),
        to_one("user", &USER, "user_id").no_routes(),
        to_one("customerUser", &CUSTOMER_USER, "customer_user_id").no_routes(),
    ]);
