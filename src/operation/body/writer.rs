//! A body on its way into the database.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::unpack::{Encoding, Unpacker, too_large};
use super::{PIECE, delete};
use crate::db::{self, Db};
use crate::error::Error;
use crate::schema::{batch_body, batch_body_piece};

/// How large a body may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// How many times its size it may be unpacked.
    pub ratio: u64,
}

/// Takes a body part by part. What it has stored is removed with it, unless it is [`Writer::keep`]t.
pub struct Writer {
    db: Db,
    organization: i64,
    unpacker: Unpacker,
    body: Pieces,
    kept: AtomicBool,
}

/// What came in so far.
struct Pieces {
    limit: u64,
    size: u64,
    /// Whether there was nothing but white space.
    blank: bool,
    /// The piece that is not full yet.
    open: Vec<u8>,
    /// Full pieces that are not stored yet.
    full: Vec<Vec<u8>>,
    stored: i32,
    /// Drawn with the first piece that is stored.
    id: Option<i64>,
}

impl Writer {
    pub fn new(db: Db, organization: i64, encoding: Encoding, limits: Limits) -> Writer {
        let Limits { bytes, ratio } = limits;
        let body =
            Pieces { limit: bytes, size: 0, blank: true, open: Vec::new(), full: Vec::new(), stored: 0, id: None };
        Writer { db, organization, unpacker: Unpacker::new(encoding, ratio), body, kept: AtomicBool::new(false) }
    }

    /// Takes the next part, and stores what is full; blocks. Errors: 413 for too much, 400 for what cannot be unpacked.
    pub fn take(&mut self, part: &[u8]) -> Result<(), Error> {
        let Writer { db, organization, unpacker, body, .. } = self;
        unpacker.take(part, |bytes| {
            body.take(bytes)?;
            body.store_full(db, *organization)
        })
    }

    /// The body has ended. 400 for an empty one, and for one that was cut off while it was packed.
    pub fn end(&mut self) -> Result<(), Error> {
        let Writer { db, organization, unpacker, body, .. } = self;
        unpacker.finish(|bytes| {
            body.take(bytes)?;
            body.store_full(db, *organization)
        })?;
        if body.blank {
            return Err(Error::request_data("The request data should not be empty."));
        }
        Ok(())
    }

    /// Stores the rest in the caller's transaction, which makes the body complete. The answer is its id.
    pub fn complete(&self, conn: &mut PgConnection) -> Result<i64, Error> {
        let Pieces { open, stored, size, id, .. } = &self.body;
        let id = match id {
            Some(id) => *id,
            None => begin(conn, self.organization)?,
        };
        if !open.is_empty() {
            insert(conn, (self.organization, id), *stored, open)?;
        }
        let size = i64::try_from(*size).map_err(Error::internal)?;
        let done = diesel::update(batch_body::table.find((self.organization, id)))
            .set((batch_body::complete.eq(true), batch_body::size.eq(size)))
            .execute(conn)?;
        if done == 0 {
            return Err(Error::internal(format!("the body {id} was swept away while it came in")));
        }
        Ok(id)
    }

    /// The transaction of [`Writer::complete`] is committed.
    pub fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

impl Pieces {
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(too_large(self.limit));
        }
        self.blank = self.blank && bytes.iter().all(u8::is_ascii_whitespace);
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE - self.open.len()));
            self.open.extend_from_slice(now);
            bytes = rest;
            if self.open.len() == PIECE {
                self.full.push(std::mem::take(&mut self.open));
            }
        }
        Ok(())
    }

    fn store_full(&mut self, db: &Db, organization: i64) -> Result<(), Error> {
        if self.full.is_empty() {
            return Ok(());
        }
        let (first, known) = (self.stored, self.id);
        let full = std::mem::take(&mut self.full);
        let id = db.transaction_now(|conn| {
            let id = match known {
                Some(id) => touch(conn, organization, id)?,
                None => begin(conn, organization)?,
            };
            for (number, piece) in (first..).zip(&full) {
                insert(conn, (organization, id), number, piece)?;
            }
            Ok::<_, Error>(id)
        })?;
        self.id = Some(id);
        self.stored += full.len() as i32;
        Ok(())
    }
}

fn begin(conn: &mut PgConnection, organization: i64) -> Result<i64, Error> {
    let row = batch_body::organization_id.eq(organization);
    Ok(diesel::insert_into(batch_body::table).values(row).returning(batch_body::id).get_result(conn)?)
}

fn touch(conn: &mut PgConnection, organization: i64, id: i64) -> Result<i64, Error> {
    let own = batch_body::table.find((organization, id));
    Ok(diesel::update(own)
        .set(batch_body::touched_at.eq(diesel::dsl::now))
        .returning(batch_body::id)
        .get_result(conn)?)
}

fn insert(conn: &mut PgConnection, (organization, body): (i64, i64), number: i32, piece: &[u8]) -> Result<(), Error> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(piece).map_err(Error::internal)?;
    let content = packed.finish().map_err(Error::internal)?;
    diesel::insert_into(batch_body_piece::table)
        .values((
            batch_body_piece::organization_id.eq(organization),
            batch_body_piece::body_id.eq(body),
            batch_body_piece::number.eq(number),
            batch_body_piece::content.eq(content),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes what was stored of a body that nobody wants. A commit whose outcome is unknown may have made it wanted: what is
/// complete stays.
impl Drop for Writer {
    fn drop(&mut self) {
        let Some(id) = self.body.id.filter(|_| !self.kept.load(Ordering::Relaxed)) else { return };
        let (db, organization) = (self.db.clone(), self.organization);
        db::later(move || {
            let removed = db.transaction_now(|conn| {
                let own = batch_body::table.find((organization, id)).filter(batch_body::complete.eq(false));
                let own: Option<i64> = own.select(batch_body::id).for_update().first(conn).optional()?;
                own.map_or(Ok(()), |id| delete(conn, organization, id))
            });
            if let Err(error) = removed {
                tracing::warn!(%error, body = id, "a body that nobody wants stays until it is swept");
            }
        });
    }
}
