//! GOAWAY, by which a server of HTTP/2 ends a connection without losing a request (RFC 9113, 6.8).
//!
//! The web framework never says it. So [`Spoken`] stands between the framework and TLS, and says it between two frames: a
//! first time, when the client is to open no more streams, and a last time, with the highest stream that was taken,
//! when there is nothing more to answer. What the client sends after that is not read: it may send it again elsewhere.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;

/// The frame's type.
const GOAWAY: u8 = 7;
/// The stream above which nothing is taken, in the first GOAWAY: there is none yet.
const ANY: u32 = (1 << 31) - 1;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    #[default]
    Nothing,
    /// No more streams.
    Leave,
    /// No more streams than there were.
    End,
}

/// What the connection's watch wants to be said.
#[derive(Debug, Default)]
pub struct Farewell {
    asked: Cell<Word>,
    reader: RefCell<Option<Waker>>,
}

impl Farewell {
    /// Asks the client for no more streams; those that come all the same are taken.
    pub fn leave(&self) {
        if self.asked.get() == Word::Nothing {
            self.ask(Word::Leave);
        }
    }

    /// Ends the connection, unless the client has sent something meanwhile.
    pub fn end(&self) {
        self.ask(Word::End);
    }

    fn ask(&self, word: Word) {
        self.asked.set(word);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A connection's bytes above TLS, of HTTP/1.1 or of HTTP/2.
pub struct Spoken<IO> {
    io: IO,
    http2: Option<Http2>,
}

struct Http2 {
    farewell: Rc<Farewell>,
    said: Word,
    /// What is left to write of a GOAWAY.
    rest: Vec<u8>,
    incoming: Frames,
    outgoing: Frames,
}

impl<IO> Spoken<IO> {
    pub fn new(io: IO, http2: bool) -> Spoken<IO> {
        let begin = || Http2 {
            farewell: Rc::default(),
            said: Word::Nothing,
            rest: Vec::new(),
            incoming: Frames::of_client(),
            outgoing: Frames::of_server(),
        };
        Spoken { io, http2: http2.then(begin) }
    }

    pub fn get_ref(&self) -> &IO {
        &self.io
    }

    /// Of HTTP/2 alone.
    pub fn farewell(&self) -> Option<Rc<Farewell>> {
        self.http2.as_ref().map(|http2| http2.farewell.clone())
    }
}

impl Http2 {
    /// Whether a GOAWAY is to be written before other frames.
    fn has_word(&self) -> bool {
        !self.rest.is_empty() || (self.farewell.asked.get() >= Word::Leave && self.said == Word::Nothing)
    }

    /// A frame of eight bytes on stream 0: the last stream, and no error.
    fn say(&mut self, word: Word, last_stream: u32) {
        self.rest = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
        self.rest.extend(last_stream.to_be_bytes());
        self.rest.extend([0; 4]);
        self.said = word;
    }

    /// Writes what is to be said as soon as it may be. Ready when other frames may follow.
    fn poll_say<IO: AsyncWrite + Unpin>(&mut self, io: &mut IO, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.said == Word::Nothing && self.has_word() && self.outgoing.is_between() {
            self.say(Word::Leave, ANY);
        }
        while !self.rest.is_empty() {
            match ready!(Pin::new(&mut *io).poll_write(context, &self.rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.rest.drain(..written)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What a read of nothing becomes: the end, once it was asked for and said.
    fn poll_end<IO: AsyncWrite + Unpin>(&mut self, io: &mut IO, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_say(io, context))?;
        if self.farewell.asked.get() == Word::End && self.said != Word::End && self.outgoing.is_between() {
            self.say(Word::End, self.incoming.opened());
            ready!(self.poll_say(io, context))?;
        }
        if self.said != Word::Nothing {
            ready!(Pin::new(io).poll_flush(context))?;
        }
        if self.said == Word::End { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Spoken<IO> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Spoken { io, http2 } = self.get_mut();
        let Some(http2) = http2 else { return Pin::new(io).poll_read(context, into) };
        http2.farewell.reader.replace(Some(context.waker().clone()));
        if http2.said != Word::End {
            let before = into.filled().len();
            let read = Pin::new(&mut *io).poll_read(context, into)?;
            if read.is_ready() {
                let bytes = &into.filled()[before..];
                if !bytes.is_empty() && http2.farewell.asked.get() == Word::End {
                    http2.farewell.asked.set(Word::Leave);
                }
                http2.incoming.pass(bytes);
                return Poll::Ready(Ok(()));
            }
        }
        http2.poll_end(io, context)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Spoken<IO> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Spoken { io, http2 } = self.get_mut();
        let Some(http2) = http2 else { return Pin::new(io).poll_write(context, bytes) };
        ready!(http2.poll_say(io, context))?;
        let part = if http2.has_word() { http2.outgoing.until_between(bytes) } else { bytes.len() };
        let written = ready!(Pin::new(io).poll_write(context, &bytes[..part]))?;
        http2.outgoing.pass(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.http2.as_ref().is_some_and(Http2::has_word) {
            let first = parts.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
            return self.poll_write(context, first);
        }
        let Spoken { io, http2 } = &mut *self;
        let written = ready!(Pin::new(io).poll_write_vectored(context, parts))?;
        if let Some(http2) = http2 {
            let mut left = written;
            for part in parts {
                let passed = left.min(part.len());
                http2.outgoing.pass(&part[..passed]);
                left -= passed;
            }
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Spoken { io, http2 } = self.get_mut();
        if let Some(http2) = http2 {
            ready!(http2.poll_say(io, context))?;
        }
        Pin::new(io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}
