//! Asynchronous operations (contract 19): a batch that was accepted, and what becomes of it.
//!
//! [`create`] stores one, in the transaction that also enqueues its split. `resources::system::async_operation` shows it.

pub mod body;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::Value as Json;

use crate::acl::{self, Caller, Permission};
use crate::engine::resource::Resource;
use crate::error::{ACCESS_DENIED, Error};
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

/// An operation to be made.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// What the batch's records are, as the request's registry has it.
    pub resource: &'static Resource,
    /// Whether the request names records by their external ids.
    pub external_ids: bool,
    /// What the parsers need to know of the body: its format, and how it is read.
    pub request: Json,
    /// The stored body.
    pub body: i64,
}

/// Refuses callers who may not create operations (403).
pub fn check_may_create(caller: &Caller) -> Result<i64, Error> {
    let may = acl::scope(&ASYNC_OPERATION, Permission::Create, caller).is_some();
    let owner = caller.user().filter(|_| may).map(|user| user.id);
    owner.ok_or_else(|| Error::new(&ACCESS_DENIED, "No access to create the asynchronous operation."))
}

/// Stores an operation of the caller, with the status `new`; the answer is its id.
pub fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    now: DateTime<Utc>,
    operation: &NewOperation,
) -> Result<i64, Error> {
    let owner = check_may_create(caller)?;
    let id = diesel::insert_into(async_operation::table)
        .values((
            async_operation::organization_id.eq(caller.organization),
            async_operation::owner_id.eq(owner),
            async_operation::client.eq(&caller.client),
            async_operation::api.eq("admin"),
            async_operation::entity_type.eq(operation.resource.name),
            async_operation::external_ids.eq(operation.external_ids),
            async_operation::request.eq(&operation.request),
            async_operation::body_id.eq(operation.body),
            async_operation::created_at.eq(now),
            async_operation::updated_at.eq(now),
        ))
        .returning(async_operation::id)
        .get_result(conn)?;
    tracing::info!(operation = id, entity_type = operation.resource.name, client = caller.client, "operation accepted");
    Ok(id)
}
