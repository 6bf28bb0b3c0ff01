//! `/asyncoperations/{id}/failed`: the failed records in the format they were sent in, given away chunk by chunk.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use csv::WriterBuilder;
use diesel::pg::PgConnection;
use futures_util::Stream;

use super::check;
use crate::auth::secret::ServerKey;
use crate::db::Db;
use crate::engine::key::Key;
use crate::engine::query;
use crate::engine::split::Format;
use crate::error::{ACCESS_DENIED, Error, Errors};
use crate::http::answer::JSON_API;
use crate::http::call::Call;
use crate::http::read;
use crate::operation::Operation;
use crate::operation::failed::{self, Failed, header};
use crate::resources::system::ASYNC_OPERATION;

/// Answers with the failed records of an operation; an operation without any is answered with none. They go back to who has
/// sent them alone: they may hold passwords, and what others may not view.
pub async fn download(request: &HttpRequest, call: Call, key: Key) -> Result<HttpResponse, Errors> {
    read::query(request, &call, &ASYNC_OPERATION, query::NOTHING)?;
    let (caller, server) = (call.caller.clone(), call.app.auth.server.clone());
    let look = move |conn: &mut PgConnection| {
        check(conn, &caller, &key)?;
        let Key::Integer(id) = key else { return Err(Error::not_found()) };
        let operation = Operation::load(conn, caller.organization, id)?.ok_or_else(Error::not_found)?;
        if caller.user().is_none_or(|user| user.id != operation.owner) {
            let text = "The failed records of an asynchronous operation are given to its owner only.";
            return Err(Error::new(&ACCESS_DENIED, text));
        }
        let chunks = failed::chunks(conn, &operation)?;
        // What cannot be opened is told before anything is given away.
        chunks.first().map(|chunk| failed::load(conn, &server, &operation, *chunk)).transpose()?;
        Ok((operation, chunks))
    };
    let (operation, chunks) = call.app.db.run(look).await?;
    let (format, id) = (operation.format()?, operation.id);
    let (media_type, extension) = match format {
        Format::Json => (JSON_API, "json"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let name = format!("attachment; filename=\"{}-{id}-failed.{extension}\"", operation.entity_type);
    let (server, next) = (call.app.auth.server.clone(), Next::Records(0));
    let download = Download { server, operation, format, chunks, next, begun: false, included: HashSet::new() };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(pieces(call.app.db.clone(), download)))
}

/// A download under way.
#[derive(Clone)]
struct Download {
    /// What the records are sealed with.
    server: Arc<ServerKey>,
    operation: Operation,
    format: Format,
    /// The chunks that have failed records.
    chunks: Vec<i32>,
    next: Next,
    /// Whether there is a record, or an included one, before the next.
    begun: bool,
    /// The places of the included records that were given away.
    included: HashSet<usize>,
}

/// What is given away next: of the chunk at that place.
#[derive(Clone, Copy)]
enum Next {
    Records(usize),
    Included(usize),
    Nothing,
}

/// The pieces of a download. The connection is free for others between them; an error breaks the answer off.
fn pieces(db: Db, download: Download) -> impl Stream<Item = Result<Bytes, Errors>> {
    futures_util::stream::unfold(Some(download), move |download| {
        let db = db.clone();
        async move {
            let download = download.filter(|download| !matches!(download.next, Next::Nothing))?;
            let step = db.run(move |conn| {
                let mut download = download.clone();
                let piece = download.piece(conn)?;
                Ok::<_, Errors>((piece, download))
            });
            Some(match step.await {
                Ok((piece, download)) => (Ok(Bytes::from(piece)), Some(download)),
                Err(errors) => {
                    tracing::warn!(%errors, "a download of failed records broke off");
                    (Err(errors), None)
                }
            })
        }
    })
}

impl Download {
    fn piece(&mut self, conn: &mut PgConnection) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let (place, of_included) = match self.next {
            Next::Records(place) => (place, false),
            Next::Included(place) => (place, true),
            Next::Nothing => return Ok(out),
        };
        if place == 0 && self.format == Format::Json {
            out.extend_from_slice(if of_included { b"],\"included\":[" } else { b"{\"data\":[" });
            self.begun = false;
        }
        if let Some(number) = self.chunks.get(place).copied() {
            let failed = failed::load(conn, &self.server, &self.operation, number)?;
            self.write(&mut out, &failed, of_included, place == 0)?;
        }
        let is_last = place + 1 >= self.chunks.len();
        self.next = match (is_last, of_included) {
            (false, false) => Next::Records(place + 1),
            (false, true) => Next::Included(place + 1),
            (true, false) if self.format == Format::Json => Next::Included(0),
            (true, _) => Next::Nothing,
        };
        if is_last && of_included {
            out.extend_from_slice(b"]}");
        }
        Ok(out)
    }

    fn write(&mut self, out: &mut Vec<u8>, failed: &Failed, of_included: bool, first: bool) -> Result<(), Error> {
        match self.format {
            Format::Json if of_included => {
                for (index, object) in &failed.included {
                    if self.included.insert(*index) {
                        self.item(out, &object.to_string());
                    }
                }
            }
            Format::Json => failed.objects().for_each(|object| self.item(out, &object)),
            Format::Ndjson => {
                for object in failed.objects() {
                    out.extend_from_slice(object.as_bytes());
                    out.push(b'\n');
                }
            }
            Format::Csv => rows(out, failed, first)?,
        }
        Ok(())
    }

    /// An item of a JSON list.
    fn item(&mut self, out: &mut Vec<u8>, text: &str) {
        if self.begun {
            out.push(b',');
        }
        out.push(b'\n');
        out.extend_from_slice(text.as_bytes());
        self.begun = true;
    }
}

fn rows(out: &mut Vec<u8>, failed: &Failed, first: bool) -> Result<(), Error> {
    let Some(sheet) = &failed.sheet else { return Ok(()) };
    let mut writer = WriterBuilder::new().flexible(true).delimiter(sheet.delimiter).from_writer(out);
    if first {
        writer.write_record(header(sheet)).map_err(Error::internal)?;
    }
    failed.rows().try_for_each(|row| writer.write_record(row)).map_err(Error::internal)?;
    writer.flush().map_err(Error::internal)
}
