//! A stored body as `Read + Seek`.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::PIECE;
use crate::auth::secret::ServerKey;
use crate::db::Db;
use crate::error::Error;
use crate::operation::sealed::{self, Part, Place};
use crate::schema::{batch_body, batch_body_piece};

/// Pieces that are kept unpacked: enough for a body whose included records lie in several places.
const KEPT: usize = 8;

/// Reads a body piece by piece, over connections of the pool. Its errors of [`io::Error`] hold an [`Error`].
pub struct Reader {
    db: Db,
    key: Arc<ServerKey>,
    organization: i64,
    operation: i64,
    size: u64,
    position: u64,
    /// The pieces looked at last, the latest first.
    pieces: VecDeque<(i32, Vec<u8>)>,
}

impl Reader {
    /// Opens the complete body of an operation.
    pub fn open(db: Db, key: Arc<ServerKey>, organization: i64, operation: i64) -> Result<Reader, Error> {
        let size: Option<i64> = db.run_now(|conn: &mut PgConnection| {
            let own = batch_body::table.find((organization, operation)).filter(batch_body::complete.eq(true));
            Ok::<_, Error>(own.select(batch_body::size).first(conn).optional()?)
        })?;
        let size = size.ok_or_else(|| Error::internal(format!("the operation {operation} has no body")))?;
        let size = u64::try_from(size).map_err(Error::internal)?;
        Ok(Reader { db, key, organization, operation, size, position: 0, pieces: VecDeque::new() })
    }

    /// Bytes of the whole body.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn load(&self, number: i32) -> Result<Vec<u8>, Error> {
        let Reader { organization, operation, .. } = *self;
        let stored: Vec<u8> = self.db.run_now(|conn: &mut PgConnection| {
            let piece = batch_body_piece::table.find((organization, operation, number));
            Ok::<_, Error>(piece.select(batch_body_piece::content).first(conn)?)
        })?;
        sealed::open(&self.key, Place { organization, operation, part: Part::Piece(number) }, &stored)
    }

    /// Brings a piece to the front.
    fn piece(&mut self, number: i32) -> Result<&[u8], Error> {
        let known = self.pieces.iter().position(|(other, _)| *other == number);
        let piece = match known.and_then(|place| self.pieces.remove(place)) {
            Some(piece) => piece,
            None => (number, self.load(number)?),
        };
        self.pieces.push_front(piece);
        self.pieces.truncate(KEPT);
        Ok(self.pieces.front().map_or(&[], |(_, piece)| piece.as_slice()))
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let number = i32::try_from(self.position / PIECE as u64).map_err(io::Error::other)?;
        let within = (self.position % PIECE as u64) as usize;
        let rest = self.piece(number).map_err(io::Error::other)?.get(within..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        if read == 0 {
            return Err(io::Error::other(Error::internal(format!("piece {number} of a stored body is too short"))));
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => i128::from(place),
            SeekFrom::Current(offset) => i128::from(self.position) + i128::from(offset),
            SeekFrom::End(offset) => i128::from(self.size) + i128::from(offset),
        };
        self.position = u64::try_from(place).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
