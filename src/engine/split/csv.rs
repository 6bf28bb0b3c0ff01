//! `text/csv`: a row of column names, then a record on each row ([`Columns`]). Commas, semicolons or tabs between the cells,
//! whichever the first row has; quotes and line ends as in RFC 4180; empty lines are passed over.
//!
//! A row with too many or too few cells is a fault of that record alone.

use std::io::{BufRead, Read, Seek};

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::columns::Columns;
use super::source::{Source, failed};
use super::{Chunk, Limits, RawItem, Sheet, empty, misshapen, nothing, too_large};
use crate::engine::resource::Resource;
use crate::error::Error;

/// What the library may read ahead of a row.
const AHEAD: usize = 64 * 1024;

/// The rows of a body.
pub struct Rows<R> {
    reader: Reader<Source<R>>,
    columns: Columns,
    sheet: Sheet,
    limits: Limits,
    records: usize,
    /// The next record's place.
    index: usize,
}

impl<R: Read + Seek> Rows<R> {
    pub fn open(mut source: Source<R>, resource: &'static Resource, limits: Limits) -> Result<Rows<R>, Error> {
        if source.peek()?.is_none() {
            return Err(nothing());
        }
        let delimiter = delimiter(source.fill_buf().map_err(failed)?);
        let (mut reader, ..) = header(source, delimiter, resource, limits)?;
        let mut records = 0;
        while row(&mut reader, limits)?.is_some() {
            records += 1;
        }
        if records == 0 {
            return Err(empty());
        }
        let mut source = reader.into_inner();
        source.rewind()?;
        let (reader, columns, names) = header(source, delimiter, resource, limits)?;
        let sheet = Sheet { delimiter, columns: cells(&names) };
        Ok(Rows { reader, columns, sheet, limits, records, index: 0 })
    }

    pub fn records(&self) -> usize {
        self.records
    }

    pub fn chunk(&mut self) -> Result<Chunk, Error> {
        let mut chunk = Chunk { sheet: Some(self.sheet.clone()), ..Chunk::default() };
        let mut bytes = 0;
        while chunk.data.len() < self.limits.chunk && bytes < self.limits.chunk_bytes {
            let Some((line, row)) = row(&mut self.reader, self.limits)? else { break };
            let item = self.item(row);
            bytes += item.text.len();
            let fault = item.fault.map(|fault| format!("Line {line}: {fault}"));
            chunk.data.push(RawItem { line: Some(line), fault, ..item });
            self.index += 1;
        }
        Ok(chunk)
    }

    fn item(&self, row: ByteRecord) -> RawItem {
        let index = self.index;
        let refused = |row: &StringRecord, fault: String| {
            let (text, cells) = (row.iter().collect::<Vec<_>>().join(","), cells(row));
            RawItem { index, line: None, text, cells, fault: Some(fault), shared: false }
        };
        let row = match StringRecord::from_byte_record(row) {
            Ok(row) => row,
            Err(error) => {
                let text = StringRecord::from_byte_record_lossy(error.into_byte_record());
                return refused(&text, "It is not encoded in UTF-8.".to_owned());
            }
        };
        if row.len() != self.columns.len() {
            let fault = format!("The row has {} cells, and there are {} columns.", row.len(), self.columns.len());
            return refused(&row, fault);
        }
        let text = self.columns.object(row.iter()).to_string();
        let fault = misshapen(text.as_bytes(), self.limits);
        RawItem { index, line: None, text, cells: cells(&row), fault, shared: false }
    }
}

fn cells(row: &StringRecord) -> Vec<String> {
    row.iter().map(str::to_owned).collect()
}

/// What stands between the cells of the first line: names of columns have none of these in them.
fn delimiter(beginning: &[u8]) -> u8 {
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|delimiter| line.contains(delimiter)).unwrap_or(b',')
}

/// Begins to read, and takes the first row.
fn header<R: Read + Seek>(
    source: Source<R>,
    delimiter: u8,
    resource: &'static Resource,
    limits: Limits,
) -> Result<(Reader<Source<R>>, Columns, StringRecord), Error> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(source);
    let (_, first) = row(&mut reader, limits)?.ok_or_else(nothing)?;
    let first = StringRecord::from_byte_record_lossy(first);
    let columns = Columns::of(resource, first.iter())?;
    Ok((reader, columns, first))
}

/// The next row and the line on which it begins.
fn row<R: Read + Seek>(reader: &mut Reader<Source<R>>, limits: Limits) -> Result<Option<(u64, ByteRecord)>, Error> {
    reader.get_mut().allow((limits.record_bytes + AHEAD) as u64);
    let line = reader.position().line();
    let mut row = ByteRecord::new();
    match reader.read_byte_record(&mut row) {
        Ok(true) => Ok(Some((row.position().map_or(line, ::csv::Position::line), row))),
        Ok(false) => Ok(None),
        Err(_) if reader.get_ref().is_exhausted() => {
            let text = too_large(limits.record_bytes);
            Err(Error::request_data(format!("Line {line}: {text} Perhaps a quotation mark is not closed.")))
        }
        Err(error) => Err(match error.into_kind() {
            ErrorKind::Io(error) => failed(error),
            other => Error::request_data(format!("Line {line}: The row cannot be read: {other:?}.")),
        }),
    }
}
