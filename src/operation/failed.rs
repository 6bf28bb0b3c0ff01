//! The records of an operation that failed, as they were sent, with the reasons added: to be mended and sent again.
//!
//! A reason stands where it is passed over: under `meta.errors` of the resource object, in the column `meta.errors` of a row.

mod needed;

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::{Value as Json, json};

use self::needed::{Name, named, needed, rename};
use super::{Operation, chunk, included};
use crate::auth::secret::ServerKey;
use crate::engine::split::{Chunk, REASON, RawItem, Sheet};
use crate::error::Error;
use crate::schema::{async_operation_chunk, async_operation_error};

/// What failed of a chunk.
#[derive(Debug, Default)]
pub struct Failed {
    records: Vec<Record>,
    /// What they need of `included` and nobody has written: the place in the body, and the object.
    pub included: Vec<(usize, Json)>,
    pub sheet: Option<Sheet>,
}

#[derive(Debug)]
struct Record {
    item: RawItem,
    reasons: Vec<Json>,
}

/// What is kept of a chunk that was tried: of its records those that failed, and what these need of `included`. `failed`:
/// their places in the body.
pub fn kept(
    conn: &mut PgConnection,
    operation: &Operation,
    chunk: &Chunk,
    failed: &HashSet<usize>,
) -> Result<Chunk, Error> {
    let Chunk { data, included, sheet } = chunk.clone();
    let (lost, written) = data.into_iter().partition(|item| failed.contains(&item.index));
    let (data, included) = on_their_own(conn, operation, lost, written, included)?;
    Ok(Chunk { data, included, sheet })
}

/// Records that failed, apart from those that are written, and with what they need of `included`: what somebody has made
/// is named by its id instead.
fn on_their_own(
    conn: &mut PgConnection,
    operation: &Operation,
    lost: Vec<RawItem>,
    written: Vec<RawItem>,
    included: Vec<RawItem>,
) -> Result<(Vec<RawItem>, Vec<RawItem>), Error> {
    if included.is_empty() {
        return Ok((lost, included));
    }
    let made = included::known(conn, operation, &included)?;
    let parsed: Vec<(usize, Json)> = included.iter().filter_map(|item| Some((item.index, item.json().ok()?))).collect();
    let ids: HashMap<Name, String> =
        parsed.iter().filter_map(|(index, object)| Some((Name::of(object)?, made.get(index)?.clone()))).collect();
    let unmade = parsed.into_iter().filter(|(index, _)| !made.contains_key(index)).collect();
    let json = |items: &[RawItem]| -> Vec<Json> { items.iter().filter_map(|item| item.json().ok()).collect() };
    let needed: HashSet<usize> =
        needed(&json(&lost), &json(&written), unmade).into_iter().map(|(index, _)| index).collect();
    let by_ids = |items: Vec<RawItem>| items.into_iter().map(|item| by_ids(item, &ids)).collect();
    let needed = included.into_iter().filter(|item| needed.contains(&item.index)).collect();
    Ok((by_ids(lost), by_ids(needed)))
}

/// A record that names by their ids what is there by now; one that names nothing of it stays as it was sent.
fn by_ids(item: RawItem, ids: &HashMap<Name, String>) -> RawItem {
    match item.json() {
        Ok(mut object) if named(&object).iter().any(|name| ids.contains_key(name)) => {
            rename(&mut object, ids);
            RawItem { text: object.to_string(), ..item }
        }
        _ => item,
    }
}

/// The numbers of the chunks of which records have failed.
pub fn chunks(conn: &mut PgConnection, operation: &Operation) -> Result<Vec<i32>, Error> {
    use async_operation_chunk::dsl;
    Ok(async_operation_chunk::table
        .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
        .filter(dsl::failed.gt(0).and(dsl::body.is_not_null()))
        .order(dsl::number)
        .select(dsl::number)
        .load(conn)?)
}

/// What failed of a chunk.
pub fn load(conn: &mut PgConnection, key: &ServerKey, operation: &Operation, number: i32) -> Result<Failed, Error> {
    let Some(Chunk { data, included, sheet }) = chunk::read(conn, key, operation, number)? else {
        return Ok(Failed::default());
    };
    let mut reasons = reasons(conn, operation, number)?;
    // Other chunks may have made since then what they share.
    let (lost, included) = on_their_own(conn, operation, data, Vec::new(), included)?;
    let included = included.iter().filter_map(|item| Some((item.index, item.json().ok()?))).collect();
    let reasoned = |item: RawItem| Record { reasons: reasons.remove(&(item.index as i64)).unwrap_or_default(), item };
    Ok(Failed { records: lost.into_iter().map(reasoned).collect(), included, sheet })
}

/// The errors of a chunk by the records that failed by them.
fn reasons(conn: &mut PgConnection, operation: &Operation, number: i32) -> Result<HashMap<i64, Vec<Json>>, Error> {
    use async_operation_error::dsl;
    type Row = (Vec<i64>, i32, String, String, Option<Json>);
    let rows: Vec<Row> = async_operation_error::table
        .filter(dsl::organization_id.eq(operation.organization).and(dsl::operation_id.eq(operation.id)))
        .filter(dsl::chunk.eq(number))
        .order(dsl::number)
        .select((dsl::record_indexes, dsl::status, dsl::title, dsl::detail, dsl::source))
        .load(conn)?;
    let mut reasons: HashMap<i64, Vec<Json>> = HashMap::new();
    for (indexes, status, title, detail, source) in rows {
        let mut reason = json!({"status": status.to_string(), "title": title, "detail": detail});
        if let Some(source) = source {
            reason["source"] = source;
        }
        indexes.into_iter().for_each(|index| reasons.entry(index).or_default().push(reason.clone()));
    }
    Ok(reasons)
}

impl Failed {
    /// The records as JSON texts. What was no JSON comes as it was sent.
    pub fn objects(&self) -> impl Iterator<Item = String> {
        self.records.iter().map(|record| match record.item.json() {
            Ok(mut object @ Json::Object(_)) => {
                if !object["meta"].is_object() {
                    object["meta"] = json!({});
                }
                object["meta"]["errors"] = Json::Array(record.reasons.clone());
                object.to_string()
            }
            _ => record.item.text.clone(),
        })
    }

    /// The records as rows: their cells as they were sent, and then the reasons.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let columns = self.sheet.as_ref().map(|sheet| sheet.columns.as_slice()).unwrap_or_default();
        let old = columns.iter().position(|name| name.trim() == REASON);
        self.records.iter().map(move |record| {
            let mut cells = record.item.cells.clone();
            cells.resize(cells.len().max(columns.len()), String::new());
            old.into_iter().for_each(|old| drop(cells.remove(old)));
            let reasons: Vec<String> = record.reasons.iter().map(sentence).collect();
            cells.push(reasons.join(" "));
            cells
        })
    }
}

/// The first row: that of the file, and the column of the reasons at its end.
pub fn header(sheet: &Sheet) -> Vec<String> {
    let columns = sheet.columns.iter().filter(|name| name.trim() != REASON);
    columns.cloned().chain([REASON.to_owned()]).collect()
}

/// What was wrong, and with which member.
fn sentence(reason: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let pointer = text(&reason["source"]["pointer"]);
    let member = pointer.rsplit('/').find(|part| *part != "data" && part.parse::<u64>().is_err()).unwrap_or_default();
    match member {
        "" => text(&reason["detail"]),
        member => format!("{member}: {}", text(&reason["detail"])),
    }
}
