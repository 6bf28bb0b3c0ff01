//! `asyncoperations`: batches that were accepted and are worked off by jobs. `crate::operation` makes and runs them.

mod progress;
mod rules;

use self::progress::OperationProgress;
use self::rules::AsyncOperationRules;
use crate::engine::field::{date_time, enumeration, integer, json, percent, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Actions, Ident, Ownership, READ_AND_UPDATE, Resource};
use crate::resources::system::{ORGANIZATION, USER};

pub static ASYNC_OPERATION: Resource = Resource::new("asyncoperations", "async_operation")
    .actions(Actions { list: false, ..READ_AND_UPDATE })
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .no_meta()
    .no_batches()
    .rules(&AsyncOperationRules)
    .computed(&OperationProgress)
    .about(
        "A batch that was accepted and is worked off. Ask for it until `status` is `success`, `failed` or `cancelled`; \
         setting `status` to `cancelled` stops it after the records that are being written.",
    )
    .fields(&[
        text("entityType").column("entity_type").read_only().not_null().about("The type of the batch's records."),
        json("summary").computed().volatile().about(
            "What was done: `aggregateTime` (milliseconds of work), `readCount`, `writeCount`, `errorCount`, \
             `createCount`, `updateCount`. Null until the operation has ended.",
        ),
        enumeration("status", &["new", "running", "success", "failed", "cancelled"])
            .not_null()
            .example("cancelled")
            .about("An operation of which records failed still ends as `success`. Only `cancelled` can be set."),
        percent("progress").computed().volatile().about("How much is done, from 0 to 1; null while that is unknown."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null().about("The last progress."),
        integer("elapsedTime").computed().volatile().about("Seconds from the request to the end, or to now."),
        date_time("endedAt").column("ended_at").hidden(),
    ])
    .relations(&[
        to_one("owner", &USER, "owner_id").read_only().not_null().no_routes(),
        to_one("organization", &ORGANIZATION, "organization_id").read_only().not_null().no_routes(),
    ]);
