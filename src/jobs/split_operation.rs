//! The first job of an operation: its body becomes chunks, and each chunk a job below this one.
//!
//! All of it is one transaction, so that a body which is broken anywhere leaves nothing behind but the operation's failure.

use chrono::Utc;
use diesel::Connection;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::write_operation_chunk::{QUEUE, WriteOperationChunk};
use crate::app::App;
use crate::engine::resource::Resource;
use crate::engine::split::{self, Chunk, Limits, Splitter};
use crate::error::{Error, Errors};
use crate::operation::{Operation, body, chunk, ending, included, unreadable};
use crate::queue::{self, Failed, Job, Options, Run};

/// Bytes of records from which on a chunk takes no more: a worker holds several times as much while it writes them.
const CHUNK_BYTES: usize = 2 << 20;

/// Chunks that are stored by one statement, and jobs that are enqueued by one: both bounded by the memory they take.
const STORED_TOGETHER: usize = 8;
const ENQUEUED_TOGETHER: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
pub struct SplitOperation {
    pub operation: i64,
}

/// What a body was split into.
#[derive(Clone, Copy)]
struct Split {
    records: usize,
    included: usize,
    chunks: i32,
}

impl Job for SplitOperation {
    const NAME: &'static str = "operation.split";
    const QUEUE: &'static str = QUEUE;

    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        let organization = run.organization().ok_or_else(|| Failed::never("An operation has an organization."))?;
        let begun = run.step(|conn| {
            let operation = Operation::load(conn, organization, self.operation)?;
            if let Some(operation) = &operation {
                ending::begin(conn, operation, Utc::now())?;
            }
            Ok(operation)
        })?;
        let Some(operation) = begun.filter(|operation| !operation.has_ended() && operation.chunks.is_none()) else {
            return Ok(());
        };
        // A body that could not be read is split by a child of the first job.
        let root = run.root().unwrap_or(run.id());
        let split = run.complete(|conn| {
            // What was stored of a broken body goes, its failure stays.
            match conn.transaction(|conn| split(conn, app, root, &operation)) {
                Ok(split) => Ok(Some(split)),
                Err(errors) if errors.status() < 500 => {
                    fail(conn, &operation, &errors)?;
                    Ok(None)
                }
                Err(errors) => Err(Failed::Again(errors)),
            }
        });
        match split {
            Ok(Some(Split { records, included, chunks })) => {
                tracing::info!(operation = operation.id, records, included, chunks, "operation split");
                Ok(())
            }
            Err(Failed::Again(errors)) if unreadable::is(&errors) => {
                unreadable::settle(run, &operation, self, Some(root), &errors)
            }
            other => other.map(drop),
        }
    }
}

fn split(conn: &mut PgConnection, app: &App, root: i64, operation: &Operation) -> Result<Split, Errors> {
    let (key, resource) = (&app.auth.server, operation.resource(app)?);
    let body = body::Reader::open(app.db.clone(), key.clone(), operation.organization, operation.id)?;
    let mut splitter = Splitter::open(body, operation.format()?, resource, limits(app, operation, resource))?;
    let (mut count, mut jobs, mut chunks, mut bytes) = (0, Vec::new(), Vec::new(), 0);
    loop {
        let next = splitter.next().transpose()?;
        let is_last = next.is_none();
        bytes += next.as_ref().map_or(0, Chunk::bytes);
        chunks.extend(next);
        let many = chunks.len() == STORED_TOGETHER || bytes >= CHUNK_BYTES;
        if many || (is_last && !chunks.is_empty()) {
            chunk::store(conn, key, operation, count + 1, &chunks)?;
            included::note(conn, operation, &chunks)?;
            let first = count + 1;
            count += i32::try_from(chunks.len()).map_err(Error::internal)?;
            jobs.extend((first..=count).map(|chunk| WriteOperationChunk { operation: operation.id, chunk }));
            chunks.clear();
            bytes = 0;
        }
        if jobs.len() >= ENQUEUED_TOGETHER || (is_last && !jobs.is_empty()) {
            let below = Options { root: Some(root), ..Options::default() };
            queue::enqueue_all(conn, Some(operation.organization), &jobs, &below)?;
            jobs.clear();
        }
        if is_last {
            break;
        }
    }
    ending::tell(conn, operation, &splitter.strays())?;
    ending::set_chunks(conn, operation, count, Utc::now())?;
    // The chunks hold all that was in it.
    body::delete(conn, operation.organization, operation.id)?;
    ending::count_bytes(conn, operation)?;
    Ok(Split { records: splitter.records(), included: splitter.included(), chunks: count })
}

/// The operation fails by what is wrong with its body.
fn fail(conn: &mut PgConnection, operation: &Operation, errors: &Errors) -> Result<(), Error> {
    if let [first, others @ ..] = errors.0.as_slice() {
        ending::fail(conn, operation, first, Utc::now())?;
        ending::tell(conn, operation, others)?;
    }
    ending::forget_unwritten(conn, operation)
}

fn limits(app: &App, operation: &Operation, resource: &Resource) -> split::Limits {
    let http = &app.config.http;
    let (chunk, chunk_bytes) = match operation.is_atomic() {
        // A synchronous request has few enough for one.
        true => (usize::MAX, usize::MAX),
        false => (app.config.batch.chunk_size.min(resource.largest_chunk), CHUNK_BYTES),
    };
    Limits {
        chunk,
        chunk_bytes,
        included: app.config.limits.included_records,
        record_bytes: http.body_limit,
        depth: http.json_depth,
        values: http.json_values,
    }
}
