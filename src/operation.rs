//! Asynchronous operations (contract 19): a batch that was accepted, and what becomes of it.
//!
//! [`create`] stores one and enqueues its jobs: the body is split into chunks (`jobs::split_operation`), each chunk is
//! written in a transaction of its own (`jobs::write_operation_chunk`), and when no chunk is left the operation ends
//! (`jobs::finish_operation`). `resources::system::async_operation` shows it, `http::async_operation` what lies below it.

pub mod body;
pub mod chunk;
pub mod cleaning;
pub mod ending;
pub mod errors;
pub mod failed;
pub mod included;
pub mod metrics;
pub mod quota;
pub mod results;
pub mod sealed;
pub mod unreadable;
pub mod write;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::Value as Json;

use self::body::Stored;
use self::quota::Owner;
use crate::acl::{self, Caller, Permission};
use crate::app::App;
use crate::config::Batch;
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::engine::split::Format;
use crate::error::{ACCESS_DENIED, Error};
use crate::jobs::finish_operation::FinishOperation;
use crate::jobs::split_operation::SplitOperation;
use crate::queue::{self, Options};
use crate::resources::system::ASYNC_OPERATION;
use crate::schema::async_operation;

/// Where an operation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has looked at the body yet.
    New,
    Running,
    /// Every record was tried; some may have failed.
    Success,
    /// The body as a whole could not be processed.
    Failed,
    Cancelled,
}

impl Status {
    const ALL: [Status; 5] = [Status::New, Status::Running, Status::Success, Status::Failed, Status::Cancelled];

    /// The word on the wire and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Running => "running",
            Status::Success => "success",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether nothing changes any more.
    pub const fn has_ended(self) -> bool {
        matches!(self, Status::Success | Status::Failed | Status::Cancelled)
    }
}

/// What may become of a record.
pub const OUTCOMES: &[&str] = &["created", "updated", "unchanged", "failed"];

/// A stored operation.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = async_operation)]
pub struct Operation {
    #[diesel(column_name = organization_id)]
    pub organization: i64,
    pub id: i64,
    #[diesel(column_name = owner_id)]
    pub owner: i64,
    pub client: String,
    pub entity_type: String,
    pub external_ids: bool,
    request: Json,
    status: String,
    /// How many chunks the body has; `None` until it is split.
    pub chunks: Option<i32>,
    pub created_at: DateTime<Utc>,
}

impl Operation {
    /// The operation of that id; `None` when there is none any more.
    pub fn load(conn: &mut PgConnection, organization: i64, id: i64) -> Result<Option<Operation>, Error> {
        let row = async_operation::table.find((organization, id)).select(Operation::as_select());
        Ok(row.first(conn).optional()?)
    }

    pub fn key(&self) -> (i64, i64) {
        (self.organization, self.id)
    }

    /// Whether nothing changes any more.
    pub fn has_ended(&self) -> bool {
        Status::parse(&self.status).is_some_and(Status::has_ended)
    }

    /// How the body is written.
    pub fn format(&self) -> Result<Format, Error> {
        Format::deserialize(&self.request["format"]).map_err(Error::internal)
    }

    /// Whether its records are written together or not at all: it was synchronous, and took too long.
    pub fn is_atomic(&self) -> bool {
        self.request["atomic"] == true
    }

    /// The resources as the request named them.
    pub fn registry<'a>(&self, app: &'a App) -> &'a Registry {
        if self.external_ids { &app.external } else { &app.admin }
    }

    /// What the records of the batch are.
    pub fn resource(&self, app: &App) -> Result<&'static Resource, Error> {
        self.registry(app).get(&self.entity_type).ok_or_else(|| Error::unknown_type(&self.entity_type))
    }
}

/// An operation to be made.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// What the batch's records are, as the request's registry has it.
    pub resource: &'static Resource,
    /// Whether the request names records by their external ids.
    pub external_ids: bool,
    /// What is known of the body: its `format`, and whether it is `atomic`.
    pub request: Json,
    /// The stored body; it knows the operation's id.
    pub body: Stored,
}

/// Refuses callers who may not create operations (403).
pub fn check_may_create(caller: &Caller) -> Result<i64, Error> {
    let may = acl::scope(&ASYNC_OPERATION, Permission::Create, caller).is_some();
    let owner = caller.user().filter(|_| may).map(|user| user.id);
    owner.ok_or_else(|| Error::new(&ACCESS_DENIED, "No access to create the asynchronous operation."))
}

/// Stores an operation of the caller, with the status `new`, and enqueues its jobs; the answer is its id. 429 where the
/// client or the organization has too many, see [`quota`].
pub fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    now: DateTime<Utc>,
    operation: &NewOperation,
    settings: &Batch,
) -> Result<i64, Error> {
    let owner = check_may_create(caller)?;
    let Stored { operation: id, bytes } = operation.body;
    diesel::insert_into(async_operation::table)
        .values((
            async_operation::organization_id.eq(caller.organization),
            async_operation::id.eq(id),
            async_operation::owner_id.eq(owner),
            async_operation::client.eq(&caller.client),
            async_operation::api.eq("admin"),
            async_operation::entity_type.eq(operation.resource.name),
            async_operation::external_ids.eq(operation.external_ids),
            async_operation::request.eq(&operation.request),
            async_operation::stored_bytes.eq(bytes),
            async_operation::created_at.eq(now),
            async_operation::updated_at.eq(now),
        ))
        .execute(conn)?;
    quota::check(conn, &Owner { organization: caller.organization, client: caller.client.clone() }, settings, bytes)?;
    let organization = Some(caller.organization);
    let split = queue::enqueue(conn, organization, &SplitOperation { operation: id }, &Options::default())?.id;
    let finish = FinishOperation { operation: id, split };
    queue::enqueue(conn, organization, &finish, &Options { after: Some(split), ..Options::default() })?;
    tracing::info!(operation = id, entity_type = operation.resource.name, client = caller.client, "operation accepted");
    Ok(id)
}
