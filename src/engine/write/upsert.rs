//! Upserts: a key → the record that has it, locked; and one request at a time per key.
//!
//! Two requests that upsert one key take turns before they look, so that the second finds what the first has made. All
//! keys of a request are taken in one order: requests that name the same keys in different orders wait for each other
//! instead of standing in each other's way. What takes no turn (a plain create of the same key) is refused by the unique
//! index, and the upsert is tried again.

use super::super::key::Key;
use super::super::relation::Link;
use super::super::resource::Ident;
use super::super::sql::Sql;
use super::super::value::Value;
use super::lock::{place, read_stored, select_stored};
use super::plan::{Draft, DraftLinkage, Match, Operation, Reference};
use super::{Batch, Stored};
use crate::acl::Permission;
use crate::error::{Error, Errors};

/// Waits until no other request upserts one of the keys, until the end of the transaction.
pub(super) fn take_turns(batch: &mut Batch<'_>, drafts: &[Draft]) -> Result<(), Errors> {
    let organization = batch.organization();
    let turns: Vec<String> = drafts
        .iter()
        .filter_map(|draft| Some(format!("{organization} {} {}", draft.resource.name, key_text(draft)?)))
        .collect();
    if turns.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT pg_advisory_xact_lock(turn) FROM (SELECT DISTINCT hashtextextended(text, 0) AS turn FROM unnest(");
    sql.bind(Value::Texts(turns)).raw(") AS text ORDER BY turn) AS turns");
    sql.execute(batch.conn)?;
    Ok(())
}

/// What a draft is upserted by, as text. `None`: it is no upsert, or its record cannot exist yet.
pub(super) fn key_text(draft: &Draft) -> Option<String> {
    match &draft.operation {
        Operation::Upsert(Match::Id(key)) => Some(key.to_string()),
        Operation::Upsert(Match::Members(members)) => {
            let values = members.iter().map(|member| match member_value(draft, member) {
                MemberValue::Given(_, Value::Numeric(number)) => Some(format!("{member}={}", number.normalize())),
                MemberValue::Given(_, value) => Some(format!("{member}={value:?}")),
                MemberValue::New | MemberValue::Missing => None,
            });
            values.collect::<Option<Vec<_>>>().map(|values| values.join(" "))
        }
        _ => None,
    }
}

/// Looks for the records that upserts by members mean, and locks them.
pub(super) fn find(batch: &mut Batch<'_>, drafts: &[Draft], found: &mut [Option<(Key, Stored)>]) -> Result<(), Errors> {
    let mut errors = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let Operation::Upsert(Match::Members(members)) = &draft.operation else { continue };
        let mut sql = select_stored(batch.context, draft.resource, Permission::Edit);
        let mut exists = true;
        for member in members {
            match member_value(draft, member) {
                MemberValue::Given(column, value) => {
                    sql.raw(" AND t0.").ident(column).raw(" = ").bind(value);
                }
                // What points at a record that is only being created cannot exist yet.
                MemberValue::New => exists = false,
                MemberValue::Missing => {
                    let detail = format!(
                        "The upsert operation cannot find an entity: \"{member}\" has no value in the request."
                    );
                    errors.push(Error::value(detail).at(format!("{}/meta/upsert", draft.pointer)));
                    exists = false;
                }
            }
        }
        if !exists {
            continue;
        }
        sql.raw(" FOR UPDATE OF t0");
        let mut rows = sql.collect(batch.conn, |row| read_stored(row, draft.resource))?;
        match (rows.pop(), rows.is_empty()) {
            (Some(_), false) => {
                errors.push(Error::conflict("The upsert operation founds more than one entity.").at(&draft.pointer));
            }
            (Some((_, row)), true) if !row.allowed => errors.push(place(Error::no_access(), draft)),
            (Some((key, row)), true) => found[index] = Some((key, row.stored)),
            (None, _) => {}
        }
    }
    Errors::check(errors)
}

/// What a draft says of a member of a unique key.
enum MemberValue {
    Given(Ident, Value),
    /// A link to a record that the same request creates.
    New,
    Missing,
}

fn member_value(draft: &Draft, member: &str) -> MemberValue {
    if let Some(field) = draft.resource.field(member) {
        return match draft.values.get(field.name) {
            Some(value) if !value.is_null() => MemberValue::Given(field.column, value.clone()),
            _ => MemberValue::Missing,
        };
    }
    let Some(Link::ToOne { column, .. }) = draft.resource.relation(member).map(|relation| &relation.link) else {
        return MemberValue::Missing;
    };
    match draft.links.get(member) {
        Some(DraftLinkage::One(Some(Reference::Existing(_, key)))) => MemberValue::Given(*column, Value::from(key)),
        Some(DraftLinkage::One(Some(Reference::Draft(_)))) => MemberValue::New,
        _ => MemberValue::Missing,
    }
}
