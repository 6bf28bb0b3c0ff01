//! `X-Mode: sync`: all records of a body in one transaction, or none, and the answer shows them (200).
//!
//! What takes longer than `batch.sync_timeout` is given up: its transaction is rolled back, and an operation does the same
//! work from the start (202). [`Turn`] decides which of the two it is, once.

use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use diesel::pg::PgConnection;
use tokio::time::sleep;

use super::super::answer::Answer;
use super::super::call::Call;
use super::super::idempotency::{Claim, Conditions, Right};
use super::super::limits;
use super::super::transact::{Done, Work, transact};
use super::{Head, operate, writer};
use crate::acl::{Caller, authorize};
use crate::app::App;
use crate::db::blocking;
use crate::engine::document::item::Item;
use crate::engine::load::{self, Extra, Frame, Listed};
use crate::engine::plan::{Page, ReadPlan};
use crate::engine::query::Query;
use crate::engine::registry::Registry;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::engine::split::{Limits, RawItem, Splitter};
use crate::engine::write::Record;
use crate::engine::write::chunk::{Chunk, write_all};
use crate::error::{Error, Errors, SYNC_GIVEN_UP};
use crate::operation::body::{Encoding, unpacked};

/// Answers a batch when it is done.
pub async fn run(
    request: &HttpRequest,
    payload: Payload,
    call: Call,
    head: Head,
    query: Query,
    method: &Method,
) -> Result<HttpResponse, Errors> {
    let limit = call.app.config.http.body_limit;
    let sent = limits::bytes(request, payload, &call.app.config.http).await?;
    let claim = || Claim::of(request, &call, method, head.key.clone(), &sent);
    let body = Arc::new(unpacked(&sent, head.encoding, limit as u64, call.app.config.batch.compression_ratio)?);
    let turn = Arc::new(Turn::default());
    let work = plan(&call, &head, query, &body, turn.clone());
    let work = work.map(|job| Work::new(Conditions::need(Right::Save(head.resource)), move |conn| job.run(conn)));
    let mut done = Box::pin(transact(&call, claim(), work));
    tokio::select! {
        answer = &mut done => return answer,
        () = sleep(call.app.config.batch.sync_timeout) => {}
    }
    // What is about to commit is waited for, and so is the end of what holds the request's key.
    if !turn.give_up() {
        return done.await;
    }
    if head.key.is_some() {
        match done.await {
            Err(errors) if errors.0.iter().any(|error| error.code == &SYNC_GIVEN_UP) => {}
            other => return other,
        }
    }
    tracing::info!("a synchronous batch took too long: an operation does it");
    let mut writer = writer(&call, Encoding::Identity);
    let writer = blocking(move || writer.take(&body).and_then(|()| writer.end()).map(|()| writer)).await??;
    let form = serde_json::json!({"format": head.format, "atomic": true});
    operate(&call, claim(), Arc::new(writer), head.resource, form).await
}

/// Whether a request is done by its own transaction or by an operation.
#[derive(Default)]
struct Turn(Mutex<State>);

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Open,
    Committing,
    GivenUp,
}

impl Turn {
    /// To be called as the last thing before COMMIT, which is due when it is `Ok`.
    fn commit(&self) -> Result<(), Error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::GivenUp {
            return Err(Error::new(&SYNC_GIVEN_UP, "The request took too long, and an operation does its work."));
        }
        *state = State::Committing;
        Ok(())
    }

    /// Whether the transaction will not commit any more.
    fn give_up(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Open {
            *state = State::GivenUp;
        }
        *state == State::GivenUp
    }
}

/// What the work of a synchronous batch needs in its transaction.
struct Job {
    app: Data<App>,
    caller: Arc<Caller>,
    view: View,
    query: Query,
    resource: &'static Resource,
    media_type: &'static str,
    chunk: Chunk,
    turn: Arc<Turn>,
}

/// Reads the body.
fn plan(call: &Call, head: &Head, query: Query, body: &Arc<Vec<u8>>, turn: Arc<Turn>) -> Result<Job, Errors> {
    Ok(Job {
        app: call.app.clone(),
        caller: call.caller.clone(),
        view: call.view.clone(),
        query,
        resource: head.resource,
        media_type: call.profile.media_type(),
        chunk: chunk(call, head, body)?,
        turn,
    })
}

/// The whole body as one chunk.
fn chunk(call: &Call, head: &Head, body: &[u8]) -> Result<Chunk, Errors> {
    let (http, batch) = (&call.app.config.http, &call.app.config.batch);
    let limits = Limits {
        chunk: batch.sync_records + batch.sync_included + 1,
        chunk_bytes: usize::MAX,
        included: batch.sync_included,
        record_bytes: http.body_limit,
        depth: http.json_depth,
        values: http.json_values,
    };
    let mut splitter = Splitter::open(Cursor::new(body), head.format, head.resource, limits)?;
    check_count(splitter.records(), batch.sync_records, None)?;
    check_count(splitter.included(), batch.sync_included, Some("included"))?;
    Errors::check(splitter.strays())?;
    let mut chunk = Chunk::default();
    if let Some(raw) = splitter.next().transpose()? {
        let registry = call.registry();
        chunk.primary = raw.data.iter().map(|raw| item(registry, Some(head.resource), raw)).collect();
        chunk.included = raw.included.iter().map(|raw| item(registry, None, raw)).collect();
    }
    Ok(chunk)
}

/// `primary`: the resource of the items of `data`.
fn item(registry: &Registry, primary: Option<&'static Resource>, raw: &RawItem) -> Item {
    match (raw.json(), primary) {
        (Ok(json), Some(resource)) => Item::primary(registry, resource, raw.index, &json),
        (Ok(json), None) => Item::included(registry, raw.index, &json),
        (Err(error), primary) => {
            let section = if primary.is_some() { "data" } else { "included" };
            let pointer = format!("/{section}/{}", raw.index);
            Item { object: None, errors: vec![error.at(pointer.as_str())], pointer }
        }
    }
}

fn check_count(count: usize, limit: usize, section: Option<&str>) -> Result<(), Error> {
    if count <= limit {
        return Ok(());
    }
    let text = match section {
        None => format!(
            "The data limit for the synchronous operation exceeded. The maximum number of records that can be processed \
             by the synchronous operation is {limit}."
        ),
        Some(section) => format!(
            "The data limit for the synchronous operation exceeded for the section \"{section}\". The maximum number of \
             included records that can be processed by the synchronous operation is {limit}."
        ),
    };
    Err(Error::request_data(text))
}

impl Job {
    fn run(&self, conn: &mut PgConnection) -> Result<Done, Errors> {
        let written = write_all(conn, self.app.write_context(&self.caller), &self.chunk)?;
        let body = self.render(conn, &written.records)?;
        self.turn.commit()?;
        let answer = Answer::document(StatusCode::OK, self.media_type, body);
        Ok(Done { answer, rights_changed: written.rights_changed })
    }

    fn render(&self, conn: &mut PgConnection, records: &[Record]) -> Result<Vec<u8>, Errors> {
        let (data, included) = records.split_at(self.chunk.primary.len().min(records.len()));
        let listed: Vec<Listed> =
            data.iter().map(|record| Listed { key: record.key.clone(), data_id: record.label.clone() }).collect();
        let extra = |record: &Record| {
            Some(Extra { resource: record.resource, key: record.key.clone(), include_id: record.label.clone()? })
        };
        let extras: Vec<Extra> = included.iter().filter_map(extra).collect();
        let frame =
            Frame { many: true, links: vec![("self", self.view.collection(self.resource))], ..Frame::default() };
        let plan = ReadPlan { page: Page::All, ..self.query.list(self.resource) };
        if let Ok(plan) = authorize(plan, &self.caller) {
            return Ok(load::list(conn, &plan, &self.view, frame, &listed, &extras)?);
        }
        // Who may write records but not see them learns their ids.
        let identity = |record: &Listed| {
            let mut object = serde_json::json!({"type": self.resource.name, "id": record.key.to_string()});
            if let Some(label) = &record.data_id {
                object["meta"] = serde_json::json!({"dataId": label});
            }
            object
        };
        let data: Vec<_> = listed.iter().map(identity).collect();
        Ok(serde_json::json!({"jsonapi": {"version": "1.1"}, "data": data}).to_string().into_bytes())
    }
}
