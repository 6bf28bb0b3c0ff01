//! `application/x-ndjson`: a resource object on each line; empty lines are passed over.
//!
//! A line that is no JSON is a fault of that record alone: the others are unharmed, since they end where their lines end.

use std::io::{BufRead, Read, Seek};

use super::source::{Source, failed};
use super::{Chunk, Limits, RawItem, empty, misshapen, nothing, too_large};
use crate::error::Error;

/// The lines of a body.
pub struct Lines<R> {
    source: Source<R>,
    limits: Limits,
    records: usize,
    /// The next record's place, and the next line's number.
    index: usize,
    line: u64,
}

/// What a line holds.
enum Line {
    Text(Vec<u8>),
    /// More than a record may be.
    TooLong,
}

impl<R: Read + Seek> Lines<R> {
    pub fn open(source: Source<R>, limits: Limits) -> Result<Lines<R>, Error> {
        let mut lines = Lines { source, limits, records: 0, index: 0, line: 1 };
        if lines.source.peek()?.is_none() {
            return Err(nothing());
        }
        while let Some((_, line)) = lines.line()? {
            lines.records += usize::from(!is_blank(&line));
        }
        if lines.records == 0 {
            return Err(empty());
        }
        lines.source.rewind()?;
        lines.line = 1;
        Ok(lines)
    }

    pub fn records(&self) -> usize {
        self.records
    }

    pub fn chunk(&mut self) -> Result<Chunk, Error> {
        let mut chunk = Chunk::default();
        let mut bytes = 0;
        while chunk.data.len() < self.limits.chunk && bytes < self.limits.chunk_bytes {
            let Some((number, line)) = self.line()? else { break };
            if !is_blank(&line) {
                let item = self.item(number, line);
                bytes += item.text.len();
                chunk.data.push(item);
            }
        }
        Ok(chunk)
    }

    fn item(&mut self, number: u64, line: Line) -> RawItem {
        let (text, fault) = match line {
            Line::TooLong => (String::new(), Some(too_large(self.limits.record_bytes))),
            Line::Text(bytes) => match String::from_utf8(bytes) {
                Err(error) => {
                    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    (text, Some("It is not encoded in UTF-8.".to_owned()))
                }
                Ok(text) => {
                    let fault = misshapen(text.as_bytes(), self.limits).or_else(|| {
                        let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text);
                        valid.err().map(|error| format!("Invalid json message received. {error}."))
                    });
                    (text.trim().to_owned(), fault)
                }
            },
        };
        let fault = fault.map(|fault| format!("Line {number}: {fault}"));
        let index = self.index;
        self.index += 1;
        RawItem { index, line: Some(number), text, cells: Vec::new(), fault, shared: false }
    }

    /// The next line and its number.
    fn line(&mut self) -> Result<Option<(u64, Line)>, Error> {
        let mut text = Vec::new();
        let (mut any, mut fits) = (false, true);
        loop {
            let part = self.source.fill_buf().map_err(failed)?;
            if part.is_empty() {
                break;
            }
            any = true;
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            fits &= text.len() + taken <= self.limits.record_bytes;
            if fits {
                text.extend_from_slice(&part[..taken]);
            }
            self.source.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.line += 1;
        Ok(Some((self.line - 1, if fits { Line::Text(text) } else { Line::TooLong })))
    }
}

fn is_blank(line: &Line) -> bool {
    matches!(line, Line::Text(text) if text.iter().all(u8::is_ascii_whitespace))
}
