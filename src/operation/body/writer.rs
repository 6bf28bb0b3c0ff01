//! A body on its way into the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::unpack::{Encoding, Unpacker, too_large};
use super::{PIECE, delete};
use crate::auth::secret::ServerKey;
use crate::config::Batch;
use crate::db::{self, Db};
use crate::error::Error;
use crate::operation::quota::{self, Owner};
use crate::operation::sealed::{self, Part, Place};
use crate::schema::{batch_body, batch_body_piece};

/// A body that is stored whole.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// The id of the operation that it is for.
    pub operation: i64,
    /// What it takes in the database.
    pub bytes: i64,
}

/// Takes a body part by part. What it has stored is removed with it, unless it is [`Writer::keep`]t.
pub struct Writer {
    store: Store,
    unpacker: Unpacker,
    body: Pieces,
    kept: AtomicBool,
}

/// Where pieces go.
struct Store {
    db: Db,
    key: Arc<ServerKey>,
    owner: Owner,
    settings: Batch,
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
    /// That of the operation, drawn with the first piece that is stored.
    id: Option<i64>,
}

impl Writer {
    pub fn new(db: Db, key: Arc<ServerKey>, owner: Owner, encoding: Encoding, settings: Batch) -> Writer {
        let limit = settings.body_limit;
        let body = Pieces { limit, size: 0, blank: true, open: Vec::new(), full: Vec::new(), stored: 0, id: None };
        let unpacker = Unpacker::new(encoding, settings.compression_ratio);
        Writer { store: Store { db, key, owner, settings }, unpacker, body, kept: AtomicBool::new(false) }
    }

    /// Takes the next part, and stores what is full; blocks. Errors: 413 for too much, 400 for what cannot be unpacked,
    /// 429 where clients or organizations have no room for it.
    pub fn take(&mut self, part: &[u8]) -> Result<(), Error> {
        let Writer { store, unpacker, body, .. } = self;
        unpacker.take(part, |bytes| {
            body.take(bytes)?;
            body.store_full(store)
        })
    }

    /// The body has ended. 400 for an empty one, and for one that was cut off while it was packed.
    pub fn end(&mut self) -> Result<(), Error> {
        let Writer { store, unpacker, body, .. } = self;
        unpacker.finish(|bytes| {
            body.take(bytes)?;
            body.store_full(store)
        })?;
        if body.blank {
            return Err(Error::request_data("The request data should not be empty."));
        }
        Ok(())
    }

    /// Stores the rest in the caller's transaction, which makes the body complete.
    pub fn complete(&self, conn: &mut PgConnection) -> Result<Stored, Error> {
        let Pieces { open, stored, size, id, .. } = &self.body;
        let id = match id {
            Some(id) => *id,
            None => self.store.begin(conn)?,
        };
        let rest: &[Vec<u8>] = if open.is_empty() { &[] } else { std::slice::from_ref(open) };
        let bytes = self.store.add(conn, id, *stored, rest)?;
        let size = i64::try_from(*size).map_err(Error::internal)?;
        diesel::update(batch_body::table.find((self.store.owner.organization, id)))
            .set((batch_body::complete.eq(true), batch_body::size.eq(size)))
            .execute(conn)?;
        Ok(Stored { operation: id, bytes })
    }

    /// The transaction of [`Writer::complete`] is committed.
    pub fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

impl Store {
    fn begin(&self, conn: &mut PgConnection) -> Result<i64, Error> {
        let Owner { organization, client } = &self.owner;
        let row = (batch_body::organization_id.eq(organization), batch_body::client.eq(client));
        Ok(diesel::insert_into(batch_body::table).values(row).returning(batch_body::id).get_result(conn)?)
    }

    /// Stores pieces, the first of them under that number. The answer: what the body takes by now.
    fn add(&self, conn: &mut PgConnection, id: i64, first: i32, pieces: &[Vec<u8>]) -> Result<i64, Error> {
        let organization = self.owner.organization;
        let seal = |(number, piece): (i32, &Vec<u8>)| {
            let place = Place { organization, operation: id, part: Part::Piece(number) };
            Ok((number, sealed::seal(&self.key, place, piece)?))
        };
        let sealed: Vec<(i32, Vec<u8>)> = (first..).zip(pieces).map(seal).collect::<Result<_, Error>>()?;
        let more = sealed.iter().map(|(_, content)| content.len() as i64).sum::<i64>();
        // Whoever sweeps waits for this.
        let noted: Option<i64> = diesel::update(batch_body::table.find((organization, id)))
            .set((
                batch_body::stored_bytes.eq(batch_body::stored_bytes + more),
                batch_body::touched_at.eq(diesel::dsl::now),
            ))
            .returning(batch_body::stored_bytes)
            .get_result(conn)
            .optional()?;
        let bytes = noted.ok_or_else(|| Error::internal(format!("the body {id} was swept away while it came in")))?;
        for (number, content) in sealed {
            diesel::insert_into(batch_body_piece::table)
                .values((
                    batch_body_piece::organization_id.eq(organization),
                    batch_body_piece::body_id.eq(id),
                    batch_body_piece::number.eq(number),
                    batch_body_piece::content.eq(content),
                ))
                .execute(conn)?;
        }
        Ok(bytes)
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

    fn store_full(&mut self, store: &Store) -> Result<(), Error> {
        if self.full.is_empty() {
            return Ok(());
        }
        let (first, known) = (self.stored, self.id);
        let full = std::mem::take(&mut self.full);
        let id = store.db.transaction_now(|conn| {
            let id = match known {
                Some(id) => id,
                None => store.begin(conn)?,
            };
            let bytes = store.add(conn, id, first, &full)?;
            quota::check(conn, &store.owner, &store.settings, bytes)?;
            Ok::<_, Error>(id)
        })?;
        self.id = Some(id);
        self.stored += full.len() as i32;
        Ok(())
    }
}

/// Removes what was stored of a body that nobody wants. A commit whose outcome is unknown may have made it wanted: what is
/// complete stays.
impl Drop for Writer {
    fn drop(&mut self) {
        let Some(id) = self.body.id.filter(|_| !self.kept.load(Ordering::Relaxed)) else { return };
        let (db, organization) = (self.store.db.clone(), self.store.owner.organization);
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
