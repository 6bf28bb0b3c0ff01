//! What Postgres refuses → the contract's errors. Rules and checks see most of it first; this is for what only the
//! database can know, above all what two requests do at the same moment.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use super::super::relation::{Link, Relation};
use super::super::resource::UniqueKey;
use super::super::value::Value;
use super::lists::relation_of_column;
use super::{Batch, Node};
use crate::db::is_overflow;
use crate::error::{Error, Errors};

/// The errors for a statement that wrote these nodes.
pub(super) fn explain(batch: &Batch<'_>, nodes: &[usize], error: DieselError) -> Errors {
    let DieselError::DatabaseError(kind, information) = &error else { return error.into() };
    let information = information.as_ref();
    let nodes: Vec<&Node> = nodes.iter().map(|index| batch.node(*index)).collect();
    let Some(first) = nodes.first() else { return error.into() };
    let explained = match kind {
        DatabaseErrorKind::UniqueViolation => Some(not_unique(&nodes, information)),
        DatabaseErrorKind::ForeignKeyViolation => no_such_target(&nodes, information),
        DatabaseErrorKind::CheckViolation => check_failed(first, information),
        DatabaseErrorKind::NotNullViolation => is_null(first, information),
        DatabaseErrorKind::Unknown if is_overflow(information.message()) => Some(Error::overflow().at(&first.pointer)),
        _ => None,
    };
    explained.map_or_else(|| error.into(), Errors::from)
}

/// The table whose rows still point at what was to be deleted.
pub(super) fn still_used_by(error: &DieselError) -> Option<String> {
    let DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, information) = error else { return None };
    Some(information.table_name().unwrap_or("other records").to_owned())
}

fn not_unique(nodes: &[&Node], information: &dyn DatabaseErrorInformation) -> Error {
    let constraint = information.constraint_name().unwrap_or_default();
    let details = information.details().unwrap_or_default();
    let of_resource = nodes.first().map_or(&[][..], |node| node.resource.unique);
    let key = of_resource.iter().find(|key| key.constraint == constraint);
    let Some((key, node)) = key.and_then(|key| Some((key, node_in(nodes, key, details)?))) else {
        let node = nodes.first();
        let pointer = node.map_or_else(|| "/data".to_owned(), |node| format!("{}/id", node.pointer));
        return if nodes.iter().any(|node| node.upserts) {
            Error::contention().at(pointer)
        } else {
            Error::conflict("The entity already exists.").at(pointer)
        };
    };
    // Another request wrote the key between our look and our write: the whole request is tried again.
    if node.upserts {
        return Error::contention().at(&node.pointer);
    }
    key.members.first().map_or_else(Error::not_unique, |member| {
        let member = key.members.iter().copied().find(|member| node.resource.field(member).is_some()).unwrap_or(member);
        node.at_member(member, Error::not_unique())
    })
}

/// The node whose values Postgres quotes.
fn node_in<'n>(nodes: &[&'n Node], key: &UniqueKey, details: &str) -> Option<&'n Node> {
    let quoted = |node: &&&Node| key.members.iter().all(|member| details.contains(&member_text(node, member)));
    nodes.iter().find(quoted).or(nodes.first()).copied()
}

fn member_text(node: &Node, member: &str) -> String {
    match node.value(member) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Numeric(number)) => number.normalize().to_string(),
        _ => node.effective_one(member).map(ToString::to_string).unwrap_or_default(),
    }
}

/// The error for a row of a join table: one of its two ends has gone since it was looked at.
pub(super) fn explain_link(batch: &Batch<'_>, index: usize, relation: &Relation, error: DieselError) -> Errors {
    let Link::Through { table, target, .. } = relation.link else { return error.into() };
    match still_missing(&error) {
        Some(constraint) if constraint == format!("{}_{}_fkey", table.as_str(), target.as_str()) => {
            batch.node(index).at_relation(relation.name, Error::no_related()).into()
        }
        Some(_) => Error::not_found().into(),
        None => explain(batch, &[index], error),
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
