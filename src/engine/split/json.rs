//! `{"data": [...], "included": [...]}`, its members in any order, one record at a time.
//!
//! Where there are included records the body is read three times: for what is in it, for who names whom
//! ([`Graph`]), and for the chunks.

use std::io::{Read, Seek};

use serde::Deserialize;
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::graph::{Builder, Graph, Group};
use super::labels::Names;
use super::source::{Source, failed};
use super::{Chunk, Limits, RawItem, empty, malformed, misshapen, nothing, too_large};
use crate::error::Error;

/// A document of many records.
pub struct Document<R> {
    source: Source<R>,
    limits: Limits,
    records: usize,
    /// Where the items of `data` are read on.
    data: List,
    /// Where the included records lie.
    included: Vec<Span>,
    /// None where nothing is included.
    graph: Option<Graph>,
}

/// Where a record lies.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    length: usize,
}

/// A list that is being read.
#[derive(Clone, Copy, Default)]
struct List {
    position: u64,
    index: usize,
}

/// One item of a list.
struct Found {
    span: Span,
    text: String,
}

impl<R: Read + Seek> Document<R> {
    pub fn open(source: Source<R>, limits: Limits) -> Result<Document<R>, Error> {
        let mut document =
            Document { source, limits, records: 0, data: List::default(), included: Vec::new(), graph: None };
        let names = Names::default();
        let mut builder = Builder::default();
        document.survey(&names, &mut builder)?;
        if !document.included.is_empty() {
            builder.included_all();
            let mut list = document.data;
            while let Some(found) = document.item(&mut list, "data")? {
                builder.record(names.of(&found.text), found.text.len());
            }
            document.graph = Some(builder.finish(limits)?);
        }
        Ok(document)
    }

    pub fn records(&self) -> usize {
        self.records
    }

    pub fn included(&self) -> usize {
        self.included.len()
    }

    pub fn strays(&self) -> Vec<Error> {
        self.graph.as_ref().map(|graph| graph.strays().to_vec()).unwrap_or_default()
    }

    pub fn chunk(&mut self) -> Result<Chunk, Error> {
        let mut chunk = Chunk::default();
        let group = match &mut self.graph {
            Some(graph) => graph.group(self.data.index, self.limits),
            None => Group { records: self.limits.chunk, ..Group::default() },
        };
        let mut list = self.data;
        let mut bytes = 0;
        // What is included counts where a group is made.
        while chunk.data.len() < group.records && (self.graph.is_some() || bytes < self.limits.chunk_bytes) {
            let Some(found) = self.item(&mut list, "data")? else { break };
            bytes += found.text.len();
            chunk.data.push(self.record(list.index - 1, found.text));
        }
        self.data = list;
        for (place, fault) in group.faults {
            chunk.data[place].fault = Some(fault);
        }
        for (index, shared) in group.included {
            let Span { start, length } = self.included[index];
            let text = self.source.bytes_at(start, length)?;
            let text = String::from_utf8(text).map_err(Error::internal)?;
            chunk.included.push(RawItem { shared, ..self.record(index, text) });
        }
        Ok(chunk)
    }

    fn record(&self, index: usize, text: String) -> RawItem {
        let fault = misshapen(text.as_bytes(), self.limits);
        RawItem { index, line: None, text, cells: Vec::new(), fault, shared: false }
    }

    /// Reads everything once.
    fn survey(&mut self, names: &Names, builder: &mut Builder) -> Result<(), Error> {
        match self.source.peek_token()? {
            None => return Err(nothing()),
            Some(b'{') => self.source.skip(),
            Some(_) => {
                return Err(Error::request_data("The request data should be an object with a \"data\" member."));
            }
        }
        let (mut data, mut included, mut any) = (false, false, false);
        loop {
            match self.source.peek_token()? {
                Some(b'}') if !any => return Err(nothing()),
                Some(b'}') => break,
                Some(b',') if any => {
                    self.source.skip();
                    self.source.peek_token()?;
                }
                _ if any => return Err(self.unexpected("',' or '}'", "behind a member of the document")),
                _ => {}
            }
            any = true;
            let name: String = self.value("a member's name")?;
            if self.source.peek_token()? != Some(b':') {
                return Err(self.unexpected("':'", &format!("behind \"{name}\"")));
            }
            self.source.skip();
            let token = self.source.peek_token()?;
            match name.as_str() {
                "data" | "included" => {
                    let seen = if name == "data" { &mut data } else { &mut included };
                    if std::mem::replace(seen, true) {
                        let detail = format!("The '{name}' property should be there once");
                        return Err(Error::request_data(detail).at(format!("/{name}")));
                    }
                    if token != Some(b'[') {
                        return Err(no_list(&name));
                    }
                    self.list(&name, names, builder)?;
                }
                _ => {
                    self.raw(&format!("/{name}"))?;
                }
            }
        }
        self.source.skip();
        if self.source.peek_token()?.is_some() {
            return Err(self.unexpected("nothing", "behind the document"));
        }
        match (data, self.records) {
            (false, _) => Err(Error::request_data("The primary data object collection should exist").at("/data")),
            (true, 0) => Err(empty()),
            (true, _) => Ok(()),
        }
    }

    /// Goes through `data` or `included`.
    fn list(&mut self, name: &str, names: &Names, builder: &mut Builder) -> Result<(), Error> {
        self.source.skip();
        let start = List { position: self.source.position(), index: 0 };
        let mut list = start;
        while let Some(found) = self.item(&mut list, name)? {
            if name == "included" {
                self.included.push(found.span);
                builder.included(names.of(&found.text), found.text.len());
            }
        }
        if name == "data" {
            self.data = start;
            self.records = list.index;
        }
        Ok(())
    }

    /// The next item of a list. At its end the reader stands behind the bracket.
    fn item(&mut self, list: &mut List, name: &str) -> Result<Option<Found>, Error> {
        if self.source.position() != list.position {
            self.source.seek(list.position)?;
        }
        let place = || format!("/{name}/{}", list.index);
        match self.source.peek_token()? {
            Some(b']') => {
                self.source.skip();
                return Ok(None);
            }
            Some(b',') if list.index > 0 => {
                self.source.skip();
                self.source.peek_token()?;
            }
            _ if list.index > 0 => return Err(self.unexpected("',' or ']'", &format!("before {}", place()))),
            _ => {}
        }
        let start = self.source.position();
        let text = self.raw(&place())?;
        *list = List { position: self.source.position(), index: list.index + 1 };
        Ok(Some(Found { span: Span { start, length: text.len() }, text }))
    }

    /// The text of one value.
    fn raw(&mut self, place: &str) -> Result<String, Error> {
        match self.source.peek()? {
            // The library would read one byte behind a number.
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Ok(Box::<str>::from(self.value::<Box<RawValue>>(place)?).into_string()),
        }
    }

    fn number(&mut self) -> Result<String, Error> {
        let mut text = String::new();
        while let Some(byte @ (b'-' | b'+' | b'.' | b'0'..=b'9' | b'e' | b'E')) = self.source.peek()? {
            text.push(char::from(byte));
            self.source.skip();
            if text.len() > self.limits.record_bytes {
                return Err(Error::request_data(too_large(self.limits.record_bytes)));
            }
        }
        Ok(text)
    }

    /// One value of the document.
    fn value<T: for<'de> Deserialize<'de>>(&mut self, place: &str) -> Result<T, Error> {
        let start = self.source.position();
        self.source.allow(self.limits.record_bytes as u64);
        let value = T::deserialize(&mut Deserializer::from_reader(&mut self.source));
        let exhausted = self.source.is_exhausted();
        self.source.allow(u64::MAX);
        value.map_err(|error| match (error.is_io(), exhausted) {
            (true, true) => Error::request_data(too_large(self.limits.record_bytes)).at(place),
            (true, false) => failed(error.into()),
            (false, _) => malformed(format!("{error} of {place}, which begins at byte {}", start + 1)),
        })
    }

    fn unexpected(&self, expected: &str, place: &str) -> Error {
        malformed(format!("Expected {expected} {place}, at byte {}", self.source.position() + 1))
    }
}

fn no_list(name: &str) -> Error {
    let detail = match name {
        "data" => "The primary data object collection should be an array",
        _ => "The 'included' property should be an array",
    };
    Error::request_data(detail).at(format!("/{name}"))
}
