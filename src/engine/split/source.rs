//! The body as a reader that knows where it is, and that lets no more than a record's bytes pass at once.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use crate::error::Error;

const BUFFER: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A body. Reading fails once more bytes were read than allowed; see [`Source::allow`].
pub struct Source<R> {
    inner: BufReader<R>,
    position: u64,
    /// The position that reading may not pass.
    end: u64,
    /// Where it begins behind a byte order mark.
    start: u64,
}

impl<R: Read + Seek> Source<R> {
    pub fn new(body: R) -> Result<Source<R>, Error> {
        let mut source = Source { inner: BufReader::with_capacity(BUFFER, body), position: 0, end: u64::MAX, start: 0 };
        let mut first = [0; 3];
        let mut read = 0;
        while read < first.len() {
            match source.read(&mut first[read..]).map_err(failed)? {
                0 => break,
                count => read += count,
            }
        }
        if first == BYTE_ORDER_MARK {
            source.start = first.len() as u64;
        }
        source.rewind()?;
        Ok(source)
    }

    /// Back to the beginning.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.seek(self.start)
    }

    pub fn seek(&mut self, position: u64) -> Result<(), Error> {
        self.inner.seek(SeekFrom::Start(position)).map_err(failed)?;
        self.position = position;
        self.end = u64::MAX;
        Ok(())
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// From here on this many bytes may be read.
    pub fn allow(&mut self, bytes: u64) {
        self.end = self.position.saturating_add(bytes);
    }

    /// Whether more was asked for than was allowed.
    pub fn is_exhausted(&self) -> bool {
        self.position >= self.end
    }

    /// The next byte, which stays.
    pub fn peek(&mut self) -> Result<Option<u8>, Error> {
        Ok(self.fill_buf().map_err(failed)?.first().copied())
    }

    /// The next byte that is no white space of JSON, which stays.
    pub fn peek_token(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.consume(1),
                other => return Ok(other),
            }
        }
    }

    /// Passes over what was looked at.
    pub fn skip(&mut self) {
        self.consume(1);
    }

    /// The bytes at a place.
    pub fn bytes_at(&mut self, position: u64, length: usize) -> Result<Vec<u8>, Error> {
        self.seek(position)?;
        let mut bytes = vec![0; length];
        self.read_exact(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// What a body that cannot be read means.
pub fn failed(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::internal(format!("a stored body cannot be read: {error}")),
    }
}

impl<R: Read + Seek> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let free = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let room = buffer.len().min(free);
        if room == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(&mut buffer[..room])?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.position += amount as u64;
    }
}
