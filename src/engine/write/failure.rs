//! What Postgres refuses → the contract's errors. Rules and checks see most of it first; this is for what only the
//! database can know, above all what two requests do at the same moment.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use super::super::relation::{Link, Relation};
use super::super::resource::UniqueKey;
use super::super::value::Value;
use super::lists::relation_of_column;
use super::{Batch, Node};
use crate::db::is_overflow;
use crate::engine::input::parse_decimal;
use crate::error::{Error, Errors};

/// The errors for a statement that wrote these nodes. In a chunk, where the others are written without the one that is to
/// blame, an error has a place only when it is known which one that is.
pub(super) fn explain(batch: &Batch<'_>, nodes: &[usize], error: DieselError) -> Errors {
    let DieselError::DatabaseError(kind, information) = &error else { return error.into() };
    let information = information.as_ref();
    let nodes: Vec<&Node> = nodes.iter().map(|index| batch.node(*index)).collect();
    let Some(first) = nodes.first() else { return error.into() };
    let mut sure = nodes.len() == 1 || !batch.is_chunk();
    let explained = match kind {
        DatabaseErrorKind::UniqueViolation => {
            let quoted = quoted(&nodes, information);
            sure |= quoted.is_some();
            Some(not_unique(&nodes, quoted, information))
        }
        DatabaseErrorKind::ForeignKeyViolation => no_such_target(&nodes, information),
        DatabaseErrorKind::CheckViolation => check_failed(first, information),
        DatabaseErrorKind::NotNullViolation => is_null(first, information),
        DatabaseErrorKind::Unknown if is_overflow(information.message()) => Some(Error::overflow().at(&first.pointer)),
        _ => None,
    };
    let Some(mut explained) = explained else { return error.into() };
    if !sure {
        explained.source = None;
    }
    explained.into()
}

/// The table whose rows still point at what was to be deleted.
pub(super) fn still_used_by(error: &DieselError) -> Option<String> {
    let DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, information) = error else { return None };
    Some(information.table_name().unwrap_or("other records").to_owned())
}

fn not_unique(
    nodes: &[&Node],
    quoted: Option<(&'static UniqueKey, &Node)>,
    information: &dyn DatabaseErrorInformation,
) -> Error {
    let constraint = information.constraint_name().unwrap_or_default();
    let of_resource = nodes.first().map_or(&[][..], |node| node.resource.unique);
    let key = of_resource.iter().find(|key| key.constraint == constraint);
    let sought = |node: &Node| node.upserts.as_deref().is_some_and(|by| key.map_or(&[][..], |key| key.members) == by);
    let culprit = quoted.map(|(_, node)| node).or_else(|| nodes.iter().copied().find(|node| sought(node)));
    // Another request wrote the key between our look and our write: the whole request is tried again. No look finds what is
    // unique over all organizations and may be in another one, nor what the index alone takes for the same text.
    let is_found = |node: &Node| {
        let in_reach = node.resource.tenant.is_none() || is_of_tenant(node, information);
        in_reach && !is_of_any_case(information)
    };
    if culprit.is_some_and(|node| sought(node) && is_found(node)) {
        return Error::contention();
    }
    let Some(node) = culprit.or(nodes.first().copied()) else { return Error::not_unique() };
    let Some(key) = key else {
        return Error::conflict("The entity already exists.").at(format!("{}/id", node.pointer));
    };
    taken(node, key)
}

/// Another record has the node's values of a unique key.
pub(super) fn taken(node: &Node, key: &UniqueKey) -> Error {
    key.members.first().map_or_else(Error::not_unique, |member| {
        let member = key.members.iter().copied().find(|member| node.resource.field(member).is_some()).unwrap_or(member);
        node.at_member(member, Error::not_unique())
    })
}

/// The key that was broken, and the node whose values Postgres quotes: `Key (a, b)=(1, x) already exists.`
fn quoted<'n>(
    nodes: &[&'n Node],
    information: &dyn DatabaseErrorInformation,
) -> Option<(&'static UniqueKey, &'n Node)> {
    let unique = nodes.first()?.resource.unique;
    let key = unique.iter().find(|key| Some(key.constraint) == information.constraint_name())?;
    let (_, values) = information.details()?.strip_suffix(") already exists.")?.split_once(")=(")?;
    let tenant = usize::from(is_of_tenant(nodes.first()?, information));
    let values: Vec<&str> = values.splitn(tenant + key.members.len(), ", ").skip(tenant).collect();
    let has = |node: &&&Node| {
        values.len() == key.members.len()
            && key.members.iter().zip(&values).all(|(member, text)| is(node, member, text))
    };
    // Of two rows of one statement, the later one is to blame.
    nodes.iter().rev().find(has).map(|node| (key, *node))
}

/// Whether the key that was broken is one of an organization, by the columns that Postgres quotes, and not one of all of them.
fn is_of_tenant(node: &Node, information: &dyn DatabaseErrorInformation) -> bool {
    let Some(tenant) = node.resource.tenant else { return false };
    let columns = information.details().and_then(|details| details.strip_prefix("Key ("));
    columns.is_none_or(|columns| columns.split([',', ')']).next() == Some(tenant.as_str()))
}

/// Whether the key that was broken takes texts for the same that differ in the case of their letters.
fn is_of_any_case(information: &dyn DatabaseErrorInformation) -> bool {
    let columns = information.details().and_then(|details| details.split_once(")=("));
    columns.is_some_and(|(columns, _)| columns.contains("lower("))
}

/// Whether a member has the value that Postgres writes like this.
fn is(node: &Node, member: &str, text: &str) -> bool {
    match node.effective(member) {
        Value::Text(own) => own == text || own.to_lowercase() == text,
        Value::Integer(number) => number.to_string() == text,
        Value::Numeric(number) => parse_decimal(text).is_some_and(|other| other == *number),
        _ => node.effective_one(member).is_some_and(|key| key.to_string() == text),
    }
}

/// The error for a row of a join table: one of its two ends has gone since it was looked at.
pub(super) fn explain_link(batch: &Batch<'_>, nodes: &[usize], relation: &Relation, error: DieselError) -> Errors {
    let Link::Through { table, target, .. } = relation.link else { return error.into() };
    match (still_missing(&error), nodes) {
        (Some(constraint), [node]) if constraint == format!("{}_{}_fkey", table.as_str(), target.as_str()) => {
            batch.node(*node).at_relation(relation.name, Error::no_related()).into()
        }
        (Some(_), [_]) => Error::not_found().into(),
        // Which of them it was is found when they are written again.
        (Some(_), _) => Error::contention().into(),
        (None, _) => explain(batch, nodes, error),
    }
}

/// The foreign key that a statement broke.
fn still_missing(error: &DieselError) -> Option<&str> {
    let DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, information) = error else { return None };
    information.constraint_name()
}

fn no_such_target(nodes: &[&Node], information: &dyn DatabaseErrorInformation) -> Option<Error> {
    let constraint = information.constraint_name()?;
    let node = nodes.first()?;
    let column = constraint.strip_prefix(node.resource.table.as_str())?.strip_prefix('_')?.strip_suffix("_fkey")?;
    let relation = relation_of_column(node.resource, column)?;
    Some(node.at_relation(relation.name, Error::no_related()))
}

fn check_failed(node: &Node, information: &dyn DatabaseErrorInformation) -> Option<Error> {
    let constraint = information.constraint_name()?;
    let column = constraint.strip_prefix(node.resource.table.as_str())?.strip_prefix('_')?.strip_suffix("_check")?;
    let error = Error::form("This value is not valid.");
    let field = node.resource.fields.iter().find(|field| field.column.as_str() == column).map(|field| field.name);
    match field.or_else(|| Some(relation_of_column(node.resource, column)?.name)) {
        Some(member) => Some(node.at_member(member, error)),
        None => {
            let rule = column.replace('_', " ");
            Some(Error::form(format!("This value is not valid. It breaks the rule \"{rule}\".")).at(&node.pointer))
        }
    }
}

fn is_null(node: &Node, information: &dyn DatabaseErrorInformation) -> Option<Error> {
    let column = information.column_name()?;
    let field = node.resource.fields.iter().find(|field| field.column.as_str() == column);
    let name = field.map(|field| field.name).or_else(|| Some(relation_of_column(node.resource, column)?.name))?;
    Some(node.at_member(name, Error::not_blank()))
}
