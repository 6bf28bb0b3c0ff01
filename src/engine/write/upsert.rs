//! Upserts: a key → the record that has it, locked; and one request at a time per key.
//!
//! Two requests that upsert one key take turns before they look, so that the second finds what the first has made. All
//! keys of a request are taken in one order: requests that name the same keys in different orders wait for each other
//! instead of standing in each other's way. What takes no turn (a plain create of the same key) is refused by the unique
//! index, and the upsert is tried again.

use std::collections::{BTreeMap, HashMap};

use super::super::key::Key;
use super::super::relation::Link;
use super::super::resource::{Ident, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::Value;
use super::Batch;
use super::drafts::Drafts;
use super::lock::{self, Found, read_stored, select_stored, stored_width};
use super::plan::{Draft, DraftLinkage, Match, Operation, Reference};
use super::rows::{Cell, columns, storage_of};
use crate::acl::Permission;
use crate::error::{ACTION_NOT_ALLOWED, Error, Errors};

/// Turns are locks, of which a database has only so many. What upserts more keys takes none: where two such requests make
/// the same record, the unique index stops one of them, and it is tried again.
const MOST_TURNS: usize = 100;

/// Nothing has the key, and records of the type are not made by requests.
const NO_CREATE: &str = "The \"create\" action is not allowed.";

/// Waits until no other request upserts one of the keys, until the end of the transaction.
pub(super) fn take_turns(batch: &mut Batch<'_>, drafts: &[Draft]) -> Result<(), Errors> {
    let organization = batch.organization();
    let turns: Vec<String> = drafts
        .iter()
        .filter_map(|draft| Some(format!("{organization} {} {}", draft.resource.name, key_text(draft)?)))
        .take(MOST_TURNS + 1)
        .collect();
    if turns.is_empty() || turns.len() > MOST_TURNS {
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
                MemberValue::Given(Cell { value: Value::Numeric(number), .. }) => {
                    Some(format!("{member}={}", number.normalize()))
                }
                MemberValue::Given(Cell { value, .. }) => Some(format!("{member}={value:?}")),
                MemberValue::New | MemberValue::Missing => None,
            });
            values.collect::<Option<Vec<_>>>().map(|values| values.join(" "))
        }
        _ => None,
    }
}

/// Looks for the records that upserts by members mean, and locks them: one statement for those of one resource by the same
/// members. The answer: what is wrong with some of the drafts.
pub(super) fn find(batch: &mut Batch<'_>, drafts: &mut Drafts) -> Result<Vec<Error>, Errors> {
    let mut errors = Vec::new();
    let mut groups: BTreeMap<(&'static str, &[&'static str]), Sought> = BTreeMap::new();
    for (index, draft) in drafts.list.iter().enumerate() {
        let Operation::Upsert(Match::Members(members)) = &draft.operation else { continue };
        match key_of(draft, members) {
            Ok(Some(key)) => {
                let group = groups.entry((draft.resource.name, members)).or_default();
                group.drafts.push(index);
                group.keys.push(key);
            }
            // What points at a record that is only being created cannot exist yet.
            Ok(None) => {}
            Err(missing) => errors.extend(missing),
        }
    }
    for Sought { drafts: sought, keys } in groups.into_values() {
        let Some(first) = sought.first() else { continue };
        let mut rows = look_up(batch, drafts.list[*first].resource, keys)?;
        for (place, index) in sought.into_iter().enumerate() {
            let draft = &drafts.list[index];
            let mut rows = rows.remove(&place).unwrap_or_default();
            match (rows.pop(), rows.is_empty()) {
                (Some(_), false) => {
                    let error = Error::conflict("The upsert operation founds more than one entity.");
                    errors.push(error.at(&draft.pointer));
                }
                (Some((_, row)), true) if !row.allowed => errors.push(lock::place(Error::no_access(), draft)),
                (Some((key, row)), true) => drafts.found[index] = Some((key, row.stored)),
                (None, _) if !draft.resource.actions.create => {
                    errors.push(Error::new(&ACTION_NOT_ALLOWED, NO_CREATE).at(&draft.pointer));
                }
                (None, _) => {}
            }
        }
    }
    Ok(errors)
}

/// Drafts that are upserted by the same members of one resource, each with its key.
#[derive(Default)]
struct Sought {
    drafts: Vec<usize>,
    keys: Vec<Vec<Cell>>,
}

/// The values that a draft is found by; `None` when its record cannot exist yet. The errors are the members without one.
fn key_of(draft: &Draft, members: &[&'static str]) -> Result<Option<Vec<Cell>>, Vec<Error>> {
    let (mut key, mut missing) = (Vec::with_capacity(members.len()), Vec::new());
    let mut exists = true;
    for member in members {
        match member_value(draft, member) {
            MemberValue::Given(cell) => key.push(cell),
            MemberValue::New => exists = false,
            MemberValue::Missing => {
                let detail =
                    format!("The upsert operation cannot find an entity: \"{member}\" has no value in the request.");
                missing.push(Error::value(detail).at(format!("{}/meta/upsert", draft.pointer)));
            }
        }
    }
    if missing.is_empty() { Ok(Some(key).filter(|_| exists)) } else { Err(missing) }
}

/// The records that have the keys, by the place of the key.
fn look_up(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    keys: Vec<Vec<Cell>>,
) -> Result<HashMap<usize, Vec<(Key, Found)>>, Error> {
    let names: Vec<Ident> = keys.first().into_iter().flatten().map(|cell| cell.column).collect();
    let mut sql = select_stored(batch.context, resource, Permission::Edit, |sql| {
        sql.raw(", v.place");
    });
    sql.raw(" JOIN ").rows(columns(keys)?).raw(" WITH ORDINALITY AS v (");
    for name in &names {
        sql.ident(*name).raw(", ");
    }
    sql.raw("place) ON ");
    Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
    for name in &names {
        sql.raw(" AND ").column(0, *name).raw(" = v.").ident(*name);
    }
    // Always in the same order, so that two requests on the same records wait instead of deadlocking.
    sql.raw(" ORDER BY ").column(0, resource.id.column).raw(" FOR UPDATE OF t0");
    let place = stored_width(resource);
    let mut found: HashMap<usize, Vec<(Key, Found)>> = HashMap::new();
    sql.for_each(batch.conn, |row| -> Result<(), Error> {
        let nth = row.integer(place)?.and_then(|nth| usize::try_from(nth).ok()).unwrap_or_default();
        found.entry(nth.saturating_sub(1)).or_default().push(read_stored(row, resource)?);
        Ok(())
    })?;
    Ok(found)
}

/// What a draft says of a member of a unique key.
enum MemberValue {
    Given(Cell),
    /// A link to a record that the same request creates.
    New,
    Missing,
}

fn member_value(draft: &Draft, member: &str) -> MemberValue {
    if let Some(field) = draft.resource.field(member) {
        return match draft.values.get(field.name) {
            Some(value) if !value.is_null() => {
                MemberValue::Given(Cell::new(field.column, field.kind.storage(), value.clone()))
            }
            _ => MemberValue::Missing,
        };
    }
    let Some(relation) = draft.resource.relation(member) else { return MemberValue::Missing };
    let Link::ToOne { column, .. } = relation.link else { return MemberValue::Missing };
    match draft.links.get(member) {
        Some(DraftLinkage::One(Some(Reference::Existing(_, key)))) => {
            MemberValue::Given(Cell::new(column, storage_of(relation.target.id.kind), Value::from(key)))
        }
        Some(DraftLinkage::One(Some(Reference::Draft(_)))) => MemberValue::New,
        _ => MemberValue::Missing,
    }
}
