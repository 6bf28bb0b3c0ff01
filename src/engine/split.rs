//! A body of many records → chunks of raw resource objects (contract 19). Pure, but for the reading.
//!
//! Input: the body as `Read + Seek`, in one of three [`Format`]s. [`Splitter::open`] reads it once from end to end, so that
//! a body that is broken anywhere is refused before anything of it is written. The splitter then is an iterator of
//! [`Chunk`]s in the order of the body; an included record comes in every chunk that needs it. Memory does not grow with
//! the body, but for a few numbers for each included record and, where there are any, each record.

mod columns;
mod csv;
mod graph;
mod json;
mod labels;
mod lines;
mod source;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use self::columns::REASON;
use self::csv::Rows;
use self::json::Document;
use self::lines::Lines;
use self::source::Source;
use super::document::shape::{self, Excess};
use super::resource::Resource;
use crate::error::{Error, Errors};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `{"data": [...], "included": [...]}`
    Json,
    /// A resource object on each line.
    Ndjson,
    /// A line of column names, then a record on each row.
    Csv,
}

/// How much of a body is taken at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Records of a chunk, what is included with them counted.
    pub chunk: usize,
    /// Bytes of records from which on a chunk takes no more of them.
    pub chunk_bytes: usize,
    /// Included records that one record may need.
    pub included: usize,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Nesting of one record.
    pub depth: usize,
    /// Members and list items of one record.
    pub values: usize,
}

/// Records that are written together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Of `data`, in the order of the body.
    pub data: Vec<RawItem>,
    /// What they need of `included`, in the order of the body.
    pub included: Vec<RawItem>,
    /// How they were written, in a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Sheet>,
}

impl Chunk {
    /// Bytes of its records, as JSON.
    pub fn bytes(&self) -> usize {
        self.data.iter().chain(&self.included).map(|item| item.text.len()).sum()
    }
}

/// What a CSV file is beside its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// What stands between two cells.
    pub delimiter: u8,
    /// The names in the first row.
    pub columns: Vec<String>,
}

/// One record as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawItem {
    /// Its place in its section of the whole body, from 0.
    pub index: usize,
    /// The line it begins on, from 1, in formats that go by lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The resource object as JSON: as it was sent, or made of a row. With a fault: what was sent.
    pub text: String,
    /// The row that it was made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// Why it is no resource object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Whether chunks of the body share it, so that one of them writes it for all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl RawItem {
    /// What was sent, as JSON. The error has no source yet.
    pub fn json(&self) -> Result<Json, Error> {
        if let Some(fault) = &self.fault {
            return Err(Error::request_data(fault.as_str()));
        }
        serde_json::from_str(&self.text).map_err(|error| malformed(error.to_string()))
    }
}

/// What the body holds that is no JSON.
fn malformed(what: impl std::fmt::Display) -> Error {
    Error::request_data(format!("Invalid json message received. {what}."))
}

/// The chunks of a body.
pub struct Splitter<R> {
    format: Parsed<R>,
}

enum Parsed<R> {
    Json(Document<R>),
    Lines(Lines<R>),
    Rows(Rows<R>),
}

impl<R: Read + Seek> Splitter<R> {
    /// Reads the body once and finds out what is in it. Errors: what is wrong with the body as a whole.
    pub fn open(body: R, format: Format, resource: &'static Resource, limits: Limits) -> Result<Splitter<R>, Error> {
        let source = Source::new(body)?;
        let format = match format {
            Format::Json => Parsed::Json(Document::open(source, limits)?),
            Format::Ndjson => Parsed::Lines(Lines::open(source, limits)?),
            Format::Csv => Parsed::Rows(Rows::open(source, resource, limits)?),
        };
        Ok(Splitter { format })
    }

    /// How many records are in `data`.
    pub fn records(&self) -> usize {
        match &self.format {
            Parsed::Json(document) => document.records(),
            Parsed::Lines(lines) => lines.records(),
            Parsed::Rows(rows) => rows.records(),
        }
    }

    /// How many records are in `included`.
    pub fn included(&self) -> usize {
        match &self.format {
            Parsed::Json(document) => document.included(),
            Parsed::Lines(_) | Parsed::Rows(_) => 0,
        }
    }

    /// What is wrong with records of `included` that are in no chunk, because nothing is linked with them.
    pub fn strays(&self) -> Vec<Error> {
        match &self.format {
            Parsed::Json(document) => document.strays(),
            Parsed::Lines(_) | Parsed::Rows(_) => Vec::new(),
        }
    }
}

/// After an error nothing more comes.
impl<R: Read + Seek> Iterator for Splitter<R> {
    type Item = Result<Chunk, Errors>;

    fn next(&mut self) -> Option<Result<Chunk, Errors>> {
        let chunk = match &mut self.format {
            Parsed::Json(document) => document.chunk(),
            Parsed::Lines(lines) => lines.chunk(),
            Parsed::Rows(rows) => rows.chunk(),
        };
        match chunk {
            Ok(chunk) if chunk.data.is_empty() => None,
            Ok(chunk) => Some(Ok(chunk)),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// A body without records.
fn empty() -> Error {
    Error::request_data("The primary data object collection should not be empty").at("/data")
}

/// A body without anything.
fn nothing() -> Error {
    Error::request_data("The request data should not be empty.")
}

/// A record that is larger than records may be.
fn too_large(limit: usize) -> String {
    format!("The record has more than {limit} bytes, the limit of this server.")
}

/// A record that needs more of what is included than records may.
fn too_many_included(limit: usize) -> String {
    format!("The record needs more than {limit} included records, the limit of this server.")
}

/// What is wrong with the shape of a record: the nesting, the number of values.
fn misshapen(text: &[u8], limits: Limits) -> Option<String> {
    let Limits { depth, values, .. } = limits;
    match shape::check(text, depth, values).err()? {
        Excess::Depth => Some(format!("The record is nested deeper than {depth} levels, the limit of this server.")),
        Excess::Values => {
            Some(format!("The record has more than {values} members and list items, the limit of this server."))
        }
    }
}
